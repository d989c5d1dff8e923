import type { StoreSizes } from './store.ts'

type Sample = StoreSizes['samples'][number]

/** A day of the store as a column; the parts in percent of the largest day. */
export interface SizeColumn extends Sample {
  referenced: number
  unreferenced: number
}

const dayMs = 86_400_000
const mostColumns = 90

/** A column for each of the last 90 days, also for those without a sample: such a day is as the one before it. */
export function sizeColumns(samples: readonly Sample[]): SizeColumn[] {
  const days = fillDays(samples)
  const most = Math.max(1, ...days.map(({ bytes }) => bytes))
  return days.map((day) => {
    const referenced = Math.min(day.bytes, day.referencedBytes)
    return {
      ...day,
      referenced: (100 * referenced) / most,
      unreferenced: (100 * (day.bytes - referenced)) / most,
    }
  })
}

function fillDays(samples: readonly Sample[]): Sample[] {
  const first = samples[0]
  const last = samples.at(-1)
  if (!first || !last) return []
  const days: Sample[] = []
  let at = 0
  for (
    let day = Math.max(dayOf(first), dayOf(last) - mostColumns + 1);
    day <= dayOf(last);
    day += 1
  ) {
    while (at + 1 < samples.length && dayOf(samples[at + 1]!) <= day) at += 1
    days.push({ ...samples[at]!, at: new Date(day * dayMs).toISOString() })
  }
  return days
}

function dayOf({ at }: Sample): number {
  return Math.floor(Date.parse(at) / dayMs)
}
