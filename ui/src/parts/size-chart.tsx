import { createMemo, Show } from 'solid-js'
import { formatBytes, formatCount } from '../farm/format.ts'
import { sizeColumns } from '../farm/size-columns.ts'
import type { StoreSizes } from '../farm/store.ts'
import { Columns } from './columns.tsx'

/** How large the store was, a column for each day. */
export function SizeChart(props: { sizes: StoreSizes }) {
  const days = createMemo(() => sizeColumns(props.sizes.samples))
  const first = () => days()[0]!
  const last = () => days().at(-1)!
  const columns = createMemo(() =>
    days().map((day) => ({
      title: `${dayOf(day.at)}: ${formatBytes(day.bytes)}, ${formatBytes(day.referencedBytes)} of it referenced`,
      parts: [
        { tone: 'unreferenced' as const, percent: day.unreferenced },
        { tone: 'referenced' as const, percent: day.referenced },
      ],
    })),
  )
  return (
    <section class="card" aria-label="Size over time">
      <header>
        <h2>Size over time</h2>
        <Show when={props.sizes.daysToFull !== undefined}>
          <span class="spread muted" title="By the line through the last 30 days">
            full in {formatCount(props.sizes.daysToFull!, 'day')}
          </span>
        </Show>
      </header>
      <Show
        when={days().length > 1}
        fallback={<p class="muted">Recorded once a day, and drawn here from the second day on.</p>}
      >
        <Columns
          label={`From ${formatBytes(first().bytes)} on ${dayOf(first().at)} to ${formatBytes(last().bytes)} now`}
          columns={columns()}
          axis={[dayOf(first().at), 'above: what no checkout references', 'now']}
        />
      </Show>
    </section>
  )
}

const dayFormat = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })

function dayOf(time: string): string {
  return dayFormat.format(Date.parse(time))
}
