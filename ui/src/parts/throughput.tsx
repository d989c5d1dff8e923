import { createMemo, Show } from 'solid-js'
import { formatClock, formatCount } from '../farm/format.ts'
import { createRead } from '../farm/read.ts'
import type { Throughput as Done } from '../farm/wire.ts'
import { Columns } from './columns.tsx'
import { Told } from './told.tsx'

/** What the farm got done in the last day, a column for each half hour. */
export function Throughput() {
  const told = createRead<Done>(() => '/farm/throughput', { raw: true, everyMs: 60_000 })
  const columns = createMemo(() => {
    const data = told.data()
    if (!data) return []
    const from = Date.parse(data.from)
    const most = Math.max(1, ...data.completed.map((n, at) => n + data.failed[at]!))
    return data.completed.map((completed, at) => {
      const failed = data.failed[at]!
      const start = from + at * data.step_s * 1000
      return {
        parts: [
          { tone: 'failed' as const, percent: (100 * failed) / most },
          { tone: 'completed' as const, percent: (100 * completed) / most },
        ],
        title: `${formatClock(start).slice(0, 5)}: ${completed} completed, ${failed} failed`,
      }
    })
  })
  const sumOf = (counts: readonly number[] | undefined): number =>
    (counts ?? []).reduce((sum, n) => sum + n, 0)
  const lastHour = () => sumOf(told.data()?.completed.slice(-2))
  const failed = () => sumOf(told.data()?.failed)
  return (
    <section class="card" aria-label="Throughput">
      <header>
        <h2>Throughput</h2>
        <Show when={told.data()}>
          <span class="spread muted">{formatCount(lastHour(), 'task')} in the last hour</span>
        </Show>
      </header>
      <Told read={told} what="the throughput">
        {(data) => (
          <Columns
            label={`Last 24 hours: ${formatCount(sumOf(data().completed), 'task')} completed, ${failed()} failed`}
            columns={columns()}
            axis={[
              formatClock(Date.parse(data().from)).slice(0, 5),
              `${formatCount(sumOf(data().completed), 'task')} completed${failed() > 0 ? `, ${failed()} failed` : ''} in 24 h`,
              'now',
            ]}
          />
        )}
      </Told>
    </section>
  )
}
