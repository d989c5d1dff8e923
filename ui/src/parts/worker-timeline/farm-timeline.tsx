import { createSignal, For } from 'solid-js'
import { createFarmAttempts } from '../../farm/farm-attempts.ts'
import { formatCount } from '../../farm/format.ts'
import type { WorkerRow } from '../../farm/wire.ts'
import { Told } from '../told.tsx'
import { WorkerTimeline } from './timeline.tsx'

const hour = 3_600_000
const spans = [
  { label: '1 h', ms: hour },
  { label: '6 h', ms: 6 * hour },
  { label: '24 h', ms: 24 * hour },
]
// One request each: beyond that a picture is too tall to say anything anyway.
const shownAtMost = 100

/** What the whole farm did: a row for each worker, gaps and absences included. */
export function FarmTimeline(props: { workers: readonly WorkerRow[] }) {
  const [since, setSince] = createSignal(hour)
  const shown = () => props.workers.slice(0, shownAtMost)
  const told = createFarmAttempts(() => shown().map((worker) => worker.id), since)
  return (
    <>
      <div class="card-head">
        <div class="segments" role="group" aria-label="How far back">
          <For each={spans}>
            {(span) => (
              <button
                type="button"
                aria-pressed={since() === span.ms}
                onClick={() => setSince(span.ms)}
              >
                {span.label}
              </button>
            )}
          </For>
        </div>
        <span class="muted">
          {told.data() ? formatCount(told.data()!.length, 'attempt') : ''}
          {props.workers.length > shownAtMost ? `, the first ${shownAtMost} workers` : ''}
        </span>
        <span class="spread faint">
          Dragging chooses, with Shift it moves; Ctrl and wheel zooms
        </span>
      </div>
      <Told read={told} what="what workers did">
        {(attempts) => (
          <WorkerTimeline title="What workers did" attempts={attempts()} workers={shown()} />
        )}
      </Told>
    </>
  )
}
