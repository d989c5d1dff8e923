import { For, Show } from 'solid-js'
import { dismiss, toasts } from '../farm/toasts.ts'
import { CopyButton } from './copy-button.tsx'
import { Icon } from './glyph.tsx'
import styles from './toasts.module.css'

export function Toasts() {
  return (
    <div class={styles.stack} role="status" aria-live="polite">
      <For each={toasts()}>
        {(one) => (
          <div class={styles.toast} data-error={one.report === undefined ? undefined : ''}>
            <span class={styles.text}>{one.text}</span>
            <Show when={one.undo}>
              <button
                type="button"
                class="button"
                onClick={() => {
                  dismiss(one.id)
                  one.undo?.()
                }}
              >
                Undo
              </button>
            </Show>
            <Show when={one.report !== undefined}>
              <CopyButton text={() => one.report ?? ''} label="Copy report" />
            </Show>
            <button
              type="button"
              class="button quiet icon"
              aria-label="Dismiss"
              onClick={() => dismiss(one.id)}
            >
              <Icon name="close" size={14} />
            </button>
          </div>
        )}
      </For>
    </div>
  )
}
