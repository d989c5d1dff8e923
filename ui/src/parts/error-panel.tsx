import { A } from '@solidjs/router'
import { Show } from 'solid-js'
import { asApiError } from '../farm/api.ts'
import { reportOf } from '../farm/report.ts'
import { CopyButton } from './copy-button.tsx'
import styles from './error-panel.module.css'
import { Glyph } from './glyph.tsx'

/** An error with its code, what to do about it, and a report to hand on. */
export function ErrorPanel(props: {
  error: unknown
  onRetry?: () => void
  what?: string
  /** Where to go on from what is not there. */
  above?: { href: string; label: string } | undefined
}) {
  const error = () => asApiError(props.error)
  return (
    <div class={styles.panel} role="alert">
      <p class={styles.title}>
        <Glyph name="cross" />
        {props.what ? `Could not load ${props.what}. ` : ''}
        {error().message}
      </p>
      <Show when={error().hint}>
        <p>{error().hint}</p>
      </Show>
      <p class="faint">
        <code>{error().code}</code>
        <Show when={error().requestId}>
          {' '}
          · request <code>{error().requestId}</code>
        </Show>
      </p>
      <div class="row-gap">
        <Show when={props.onRetry}>
          <button type="button" class="button" onClick={() => props.onRetry?.()}>
            Try again
          </button>
        </Show>
        <Show when={props.above}>
          {(above) => (
            <A class="button" href={above().href}>
              {above().label}
            </A>
          )}
        </Show>
        <CopyButton text={() => reportOf(error())} label="Copy report" />
      </div>
    </div>
  )
}
