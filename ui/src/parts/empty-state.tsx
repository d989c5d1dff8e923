import { type JSX, Show } from 'solid-js'
import styles from './empty-state.module.css'
import { Icon, type IconName } from './glyph.tsx'

/** Says what is not there, why, and what to do. */
export function EmptyState(props: {
  icon: IconName
  title: string
  sentence?: JSX.Element
  action?: JSX.Element
  small?: boolean
}) {
  return (
    <div class={styles.empty} data-empty data-small={props.small ? '' : undefined}>
      <Icon name={props.icon} size={props.small ? 16 : 24} />
      <p class={styles.title}>{props.title}</p>
      <Show when={props.sentence}>
        <div class={styles.sentence}>{props.sentence}</div>
      </Show>
      <Show when={props.action}>
        <div class={styles.action}>{props.action}</div>
      </Show>
    </div>
  )
}
