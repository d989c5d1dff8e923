import { A } from '@solidjs/router'
import { createEffect, createMemo, For, Show } from 'solid-js'
import { createStore } from 'solid-js/store'
import { formatPercent } from '../farm/format.ts'
import { createRead } from '../farm/read.ts'
import type { Rows } from '../farm/rows.ts'
import type { Attempts, WorkerRow } from '../farm/wire.ts'
import { healthOf } from '../farm/worker-health.ts'
import { Ago } from './ago.tsx'
import { StatusWord } from './status-word.tsx'
import styles from './worker-grid.module.css'
import { WorkerStatusWord } from './worker-status.tsx'

/** A tile for each worker: what it does, how its last twenty attempts went. */
export function WorkerGrid(props: { workers: readonly WorkerRow[]; rows: Rows }) {
  const [tallies, setTallies] = createStore<Record<string, Tally>>({})
  /** The share of attempts that failed on all workers but one. */
  const othersRate = (id: string): number | undefined => {
    const others = props.workers.flatMap((one) => (one.id === id ? [] : (tallies[one.id] ?? [])))
    const ended = others.reduce((sum, one) => sum + one.ended, 0)
    return ended === 0 ? undefined : others.reduce((sum, one) => sum + one.failed, 0) / ended
  }
  return (
    <ul class={styles.grid} {...props.rows.listProps}>
      <For each={props.workers}>
        {(worker) => (
          <Tile
            worker={worker}
            rows={props.rows}
            othersRate={othersRate(worker.id)}
            onTally={(tally) => setTallies(worker.id, tally)}
          />
        )}
      </For>
    </ul>
  )
}

interface Tally {
  failed: number
  ended: number
}

function Tile(props: {
  worker: WorkerRow
  rows: Rows
  othersRate: number | undefined
  onTally: (tally: Tally) => void
}) {
  const worker = () => props.worker
  // Read anew when the worker takes up another task.
  const attempts = createRead<Attempts>(() => `/farm/workers/${worker().id}/attempts`, {
    query: () => ({ limit: 20 }),
    everyMs: 60_000,
  })
  const health = createMemo(() =>
    healthOf(attempts.data()?.attempts ?? [], { othersRate: props.othersRate }),
  )
  createEffect(() => props.onTally({ failed: health().failed, ended: health().ended }))
  const share = () => {
    const task = worker().task
    return task && task.steps_total > 0 ? task.steps_completed / task.steps_total : 0
  }
  return (
    <li
      class={styles.tile}
      data-status={worker().status}
      data-selected={props.rows.selected(worker().id) ? '' : undefined}
    >
      <div class={styles.head}>
        <input
          type="checkbox"
          aria-label={`Select ${worker().name}`}
          checked={props.rows.selected(worker().id)}
          onChange={() => props.rows.toggle(worker().id)}
        />
        <A href={`/workers/${worker().id}`} class={`truncate ${styles.name}`}>
          {worker().name}
        </A>
        <span class="spread">
          <StatusWord kind="worker" status={worker().status} />
        </span>
      </div>
      <Show when={worker().status_change}>
        <WorkerStatusWord worker={worker()} />
      </Show>
      <div class={styles.task}>
        <Show
          when={worker().task?.status === 'active' && worker().task}
          fallback={
            <span class="faint">
              {worker().status === 'awake' ? 'waits for work' : 'seen '}
              <Show when={worker().status !== 'awake'}>
                <Ago time={worker().last_seen} none="never" />
              </Show>
            </span>
          }
        >
          {(task) => (
            <>
              <A href={`/jobs/${task().job_id}/tasks/${task().id}`} class="truncate">
                {task().name}
              </A>
              <span>
                {task().steps_completed}/{task().steps_total}
              </span>
              <span class={styles.bar}>
                <span style={{ width: `${100 * share()}%` }} />
              </span>
            </>
          )}
        </Show>
      </div>
      <div class={styles.foot}>
        <span
          class={styles.strip}
          role="img"
          aria-label={`Last ${health().bars.length} attempts, ${health().failed} failed`}
        >
          <For each={health().bars}>
            {(bar) => (
              <i data-tone={bar.tone} style={{ height: `${bar.height}%` }} title={bar.title} />
            )}
          </For>
        </span>
        <Show when={health().suspicious}>
          <span class={styles.mark}>
            {health().failed} of {health().bars.length} failed
            {props.othersRate === undefined ? '' : `; others ${formatPercent(props.othersRate, 1)}`}
          </span>
        </Show>
        <span class={`spread truncate ${styles.tags}`}>
          {worker()
            .tags.map((tag) => tag.name)
            .join(' ')}
        </span>
      </div>
    </li>
  )
}
