import { A } from '@solidjs/router'
import { For, Show } from 'solid-js'
import { useClock } from '../farm/clock.ts'
import { formatDuration } from '../farm/format.ts'
import type { Attempt } from '../farm/wire.ts'
import { Ago } from './ago.tsx'
import styles from './attempt-list.module.css'
import { StatusWord } from './status-word.tsx'

/** Every run of a task, latest first: by whom, how long, how it ended and why. */
export function AttemptList(props: {
  attempts: readonly Attempt[]
  onLog?: (attempt: Attempt) => void
  /** Names the task instead of the worker, on a worker's own page. */
  byTask?: boolean
  withWorker?: boolean
}) {
  const now = useClock()
  const lasted = (attempt: Attempt): number =>
    (attempt.ended ? new Date(attempt.ended).getTime() : now()) -
    new Date(attempt.started).getTime()
  return (
    <Show when={props.attempts.length > 0}>
      <ul class={styles.list} aria-label="Attempts">
        <For each={props.attempts}>
          {(attempt) => (
            <li class={styles.attempt}>
              <StatusWord
                kind="task"
                status={statusOf(attempt)}
                text={attempt.outcome?.replace('-', ' ') ?? 'running'}
              />
              <Show
                when={props.byTask}
                fallback={<A href={`/workers/${attempt.worker.id}`}>{attempt.worker.name}</A>}
              >
                <span>
                  <A href={`/jobs/${attempt.job_id}/tasks/${attempt.task_id}`}>
                    {attempt.task_name}
                  </A>
                  <Show when={props.withWorker}>
                    {' '}
                    <span class={`muted ${styles.worker}`}>on {attempt.worker.name}</span>
                  </Show>
                </span>
              </Show>
              <span>{formatDuration(Math.max(0, lasted(attempt)))}</span>
              <span class="muted">
                <Ago time={attempt.started} />
              </span>
              <Show when={props.onLog}>
                <button type="button" class="button quiet" onClick={() => props.onLog?.(attempt)}>
                  Log
                </button>
              </Show>
              <Show when={attempt.reason || attempt.excerpt}>
                <p class={styles.reason}>
                  {attempt.reason ? `${attempt.reason.replaceAll('-', ' ')}: ` : ''}
                  <code>{attempt.excerpt}</code>
                </p>
              </Show>
            </li>
          )}
        </For>
      </ul>
    </Show>
  )
}

function statusOf(attempt: Attempt): string {
  if (!attempt.outcome) return 'active'
  if (attempt.outcome === 'completed') return 'completed'
  return attempt.outcome === 'canceled' || attempt.outcome === 'requeued' ? 'canceled' : 'failed'
}
