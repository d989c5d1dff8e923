import { For, Show } from 'solid-js'
import { asApiError, call, isAbsent } from '../farm/api.ts'
import { formatCount } from '../farm/format.ts'
import type { Read } from '../farm/read.ts'
import { reportOf } from '../farm/report.ts'
import { toast } from '../farm/toasts.ts'
import type { ConfigChange, ConfigHistory, ConfigRevision } from '../farm/wire.ts'
import { Ago } from './ago.tsx'
import styles from './config-editor.module.css'
import { EmptyState } from './empty-state.tsx'
import { ErrorPanel } from './error-panel.tsx'
import { Loading } from './loading.tsx'

/** Every change of the configuration, the latest first, each to be taken back. */
export function ConfigHistoryCard(props: {
  history: Read<ConfigHistory>
  /** Shows only so many. */
  most?: number
  onChanged: () => void
}) {
  const revisions = () => props.history.data()?.revisions ?? []
  return (
    <section class="card" aria-label="Changes">
      <header>
        <h2>Changes</h2>
      </header>
      <Show when={props.history.error()}>
        {(error) => (
          <Show
            when={!isAbsent(error())}
            fallback={<p class="muted">This manager keeps no history of its settings.</p>}
          >
            <ErrorPanel error={error()} onRetry={props.history.reload} what="the changes" />
          </Show>
        )}
      </Show>
      <Show when={revisions().length === 0 && !props.history.error()}>
        <Show when={props.history.data()} fallback={<Loading what="the changes" />}>
          <EmptyState small icon="done" title="Nothing was changed yet." />
        </Show>
      </Show>
      <ol class={styles.changes}>
        <For each={revisions().slice(0, props.most)}>
          {(revision) => <Revision revision={revision} onChanged={props.onChanged} />}
        </For>
      </ol>
    </section>
  )
}

function Revision(props: { revision: ConfigRevision; onChanged: () => void }) {
  const revision = () => props.revision
  return (
    <li class={styles.revision} data-undone={revision().undone ? '' : undefined}>
      <span>
        <span class="muted">
          {revision().revision} · <Ago time={revision().at} />
          {revision().by ? ` · ${revision().by}` : ''}
          {revision().undone ? ' · taken back' : ''}
        </span>
        <For each={Object.entries(revision().patch)}>
          {([key, value]) => (
            <code class={styles.patch}>
              {key} → {value === null ? 'default' : JSON.stringify(value)}
            </code>
          )}
        </For>
      </span>
      <Show when={!revision().undone}>
        <button
          type="button"
          class="button"
          onClick={() => void undoRevision(revision().revision, props.onChanged)}
        >
          Take back
        </button>
      </Show>
    </li>
  )
}

async function undoRevision(revision: number, onChanged: () => void): Promise<void> {
  try {
    const body = { revision }
    await call<ConfigChange>('/farm/config/undo', { method: 'POST', body })
    toast(`Took back change ${revision}.`)
  } catch (cause) {
    const { message, hint } = asApiError(cause)
    toast(`${message}. ${hint ?? ''}`, { report: reportOf(cause) })
  }
  onChanged()
}

/** What was saved, what holds now and what waits, with the way back. */
export function tellChange(change: ConfigChange, onChanged: () => void): void {
  const { applied, restart_needed: waiting } = change
  const words = [
    `Saved ${formatCount(applied.length + waiting.length, 'setting')}.`,
    waiting.length > 0 ? `${waiting.join(', ')} hold when the manager starts again.` : '',
  ]
  toast(words.filter(Boolean).join(' '), {
    undo: () => void undoRevision(change.revision, onChanged),
  })
}
