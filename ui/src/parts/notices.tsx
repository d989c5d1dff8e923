import { For, Show } from 'solid-js'
import { formatClock } from '../farm/format.ts'
import { clearHistory, dismiss, toastHistory, toasts } from '../farm/toasts.ts'
import { CopyButton } from './copy-button.tsx'
import { Dialog } from './dialog.tsx'
import { EmptyState } from './empty-state.tsx'
import styles from './notices.module.css'

/** All that was told on this page since it was opened, the latest first. */
export function Notices(props: { open: boolean; onClose: () => void }) {
  // An act can be taken back for as long as its toast stands.
  const undoOf = (id: number) => toasts().find((one) => one.id === id)?.undo
  return (
    <Dialog open={props.open} onClose={props.onClose} title="Notices" wide>
      <Show
        when={toastHistory().length > 0}
        fallback={
          <EmptyState
            small
            icon="done"
            title="Nothing was told yet"
            sentence="What you do and what goes wrong is kept here until the page is closed."
          />
        }
      >
        <ol class={styles.list}>
          <For each={toastHistory()}>
            {(one) => (
              <li data-error={one.report === undefined ? undefined : ''}>
                <time class="faint">{formatClock(one.at)}</time>
                <span class={styles.text}>{one.text}</span>
                <Show when={undoOf(one.id)}>
                  {(undo) => (
                    <button
                      type="button"
                      class="button"
                      onClick={() => {
                        dismiss(one.id)
                        undo()()
                      }}
                    >
                      Undo
                    </button>
                  )}
                </Show>
                <Show when={one.report}>
                  {(report) => <CopyButton text={report} label="Copy report" />}
                </Show>
              </li>
            )}
          </For>
        </ol>
        <button type="button" class="button" onClick={clearHistory}>
          Clear
        </button>
      </Show>
    </Dialog>
  )
}
