import { For, type JSX } from 'solid-js'
import styles from './columns.module.css'

/** A span of time, its parts from above to below in percent of the whole height. */
export interface Column {
  title: string
  parts: readonly {
    tone: 'completed' | 'failed' | 'referenced' | 'unreferenced'
    percent: number
  }[]
}

/** Amounts over time. */
export function Columns(props: {
  /** The same in a sentence. */
  label: string
  columns: readonly Column[]
  /** Under the columns: what is at the left, in the middle and at the right. */
  axis: readonly [JSX.Element, JSX.Element, JSX.Element]
}) {
  return (
    <>
      <div class={styles.columns} role="img" aria-label={props.label}>
        <For each={props.columns}>
          {(column) => (
            <span title={column.title}>
              <For each={column.parts}>
                {(part) => <i data-tone={part.tone} style={{ height: `${part.percent}%` }} />}
              </For>
            </span>
          )}
        </For>
      </div>
      <p class={styles.axis}>
        <For each={props.axis}>{(text) => <span>{text}</span>}</For>
      </p>
    </>
  )
}
