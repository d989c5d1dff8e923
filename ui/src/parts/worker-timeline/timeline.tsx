import { A } from '@solidjs/router'
import { createMemo, createSignal, For, Show } from 'solid-js'
import { useClock } from '../../farm/clock.ts'
import { formatClock } from '../../farm/format.ts'
import type { Attempt } from '../../farm/wire.ts'
import { EmptyState } from '../empty-state.tsx'
import { AttemptSelection } from './attempt-selection.tsx'
import { Bars } from './bars.tsx'
import {
  attemptsIn,
  type Span,
  sortRows,
  spanOf,
  type TimelineSort,
  type TimelineWorker,
  timelineRows,
} from './rows.ts'
import styles from './timeline.module.css'

const sorts: readonly { by: TimelineSort; label: string }[] = [
  { by: 'name', label: 'Name' },
  { by: 'busy', label: 'Busy' },
  { by: 'failed', label: 'Failures' },
]

/** A row for each worker, a bar for each attempt: who did what when, and where the gaps are. */
export function WorkerTimeline(props: {
  title: string
  attempts: readonly Attempt[]
  /** Shown even if they did nothing. */
  workers?: readonly TimelineWorker[]
  /** Said of some workers after what they did last, by their ids. */
  notes?: ReadonlyMap<string, string>
}) {
  const now = useClock()
  const [sort, setSort] = createSignal<TimelineSort>('name')
  const running = createMemo(() => props.attempts.some((attempt) => !attempt.ended))
  // While something runs the now-line moves; otherwise the picture stands still.
  const edge = () => (running() ? now() : 0)
  const rows = createMemo(() =>
    sortRows(timelineRows(props.attempts, Date.now(), props.workers), sort()),
  )
  const whole = createMemo(() => {
    edge()
    return spanOf(rows(), Date.now())
  })
  const [zoomed, setZoomed] = createSignal<Span>()
  const span = () => zoomed() ?? whole()
  const [chosenIds, setChosenIds] = createSignal<ReadonlySet<string>>(new Set())
  // Of what is shown now: a reload tells what became of the tasks.
  const chosen = createMemo(() => props.attempts.filter((one) => chosenIds().has(one.id)))
  return (
    <div>
      <div class="card-head">
        <h2>{props.title}</h2>
        <Show when={rows().length > 0}>
          <span class="muted">
            {formatClock(span().from).slice(0, 5)} –{' '}
            {running() && !zoomed() ? 'now' : formatClock(span().to).slice(0, 5)}
          </span>
          <Show when={zoomed()}>
            <button type="button" class="button quiet" onClick={() => setZoomed(undefined)}>
              Show all
            </button>
          </Show>
          <Show
            when={chosen().length === 0}
            fallback={
              <AttemptSelection
                attempts={chosen()}
                onClear={() => setChosenIds(new Set<string>())}
              />
            }
          >
            <div class="segments spread" role="group" aria-label="Sort workers by">
              <For each={sorts}>
                {(one) => (
                  <button
                    type="button"
                    aria-pressed={sort() === one.by}
                    onClick={() => setSort(one.by)}
                  >
                    {one.label}
                  </button>
                )}
              </For>
            </div>
          </Show>
        </Show>
      </div>
      <Show
        when={rows().length > 0}
        fallback={<EmptyState small icon="worker" title="No worker has begun yet" />}
      >
        <div class={styles.body}>
          <ul class={styles.names}>
            <For each={rows()}>
              {(row) => (
                <li>
                  <A
                    href={`/workers/${row.workerId}`}
                    title={`${row.name}: ${row.bars.length} attempts, ${row.failed} failed`}
                  >
                    {row.name}
                  </A>
                </li>
              )}
            </For>
          </ul>
          <Bars
            rows={rows()}
            span={span()}
            whole={whole()}
            notes={props.notes ?? new Map()}
            onSpan={setZoomed}
            onBrush={(brush) =>
              setChosenIds(new Set(attemptsIn(rows(), brush).map((attempt) => attempt.id)))
            }
          />
        </div>
      </Show>
    </div>
  )
}
