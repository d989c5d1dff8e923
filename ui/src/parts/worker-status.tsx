import { Show } from 'solid-js'
import { lookOf } from '../farm/status.ts'
import type { WorkerRow } from '../farm/wire.ts'
import { StatusWord } from './status-word.tsx'
import styles from './worker-status.module.css'

/** What a worker is, and what it was asked to become: `awake → asleep, after its task`. */
export function WorkerStatusWord(props: { worker: Pick<WorkerRow, 'status' | 'status_change'> }) {
  return (
    <span class={styles.both}>
      <StatusWord kind="worker" status={props.worker.status} />
      <Show when={props.worker.status_change}>
        {(change) => (
          <span class="muted">
            <span aria-hidden="true">{change().is_lazy ? '⇢ ' : '→ '}</span>
            {lookOf('worker', change().status).label}
            {change().is_lazy ? ' after its task' : ''}
          </span>
        )}
      </Show>
    </span>
  )
}
