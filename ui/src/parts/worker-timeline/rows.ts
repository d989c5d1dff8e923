import type { Attempt } from '../../farm/wire.ts'

export interface Bar {
  attempt: Attempt
  start: number
  /** Undefined while it runs. */
  end: number | undefined
  tone: 'active' | 'completed' | 'failed' | 'canceled'
}

export interface TimelineRow {
  workerId: string
  name: string
  bars: Bar[]
  failed: number
  busyMs: number
  /** Since when it has been away, to the end of the picture. */
  away?: number
}

/** A worker that has a row even if it did nothing. */
export interface TimelineWorker {
  id: string
  name: string
  status: string
  last_seen?: string | undefined
}

export type TimelineSort = 'name' | 'busy' | 'failed'

/** Attempts as rows of bars, one row a worker. */
export function timelineRows(
  attempts: readonly Attempt[],
  now: number,
  workers: readonly TimelineWorker[] = [],
): TimelineRow[] {
  const rows = new Map<string, TimelineRow>(
    workers.map((worker) => [
      worker.id,
      { ...emptyRow(worker.id, worker.name), ...awayOf(worker) },
    ]),
  )
  for (const attempt of attempts) {
    const row = rows.get(attempt.worker.id) ?? emptyRow(attempt.worker.id, attempt.worker.name)
    rows.set(attempt.worker.id, row)
    const bar = barOf(attempt)
    row.bars.push(bar)
    row.busyMs += Math.max(0, (bar.end ?? now) - bar.start)
    if (bar.tone === 'failed') row.failed += 1
  }
  for (const row of rows.values()) row.bars.sort((a, b) => a.start - b.start)
  return [...rows.values()]
}

function emptyRow(workerId: string, name: string): TimelineRow {
  return { workerId, name, bars: [], failed: 0, busyMs: 0 }
}

function awayOf(worker: TimelineWorker): { away?: number } {
  const isAway = worker.status === 'offline' || worker.status === 'error'
  return isAway && worker.last_seen ? { away: Date.parse(worker.last_seen) } : {}
}

export function sortRows(rows: readonly TimelineRow[], by: TimelineSort): TimelineRow[] {
  const byName = (a: TimelineRow, b: TimelineRow): number =>
    a.name.localeCompare(b.name, undefined, { numeric: true })
  return rows.toSorted((a, b) => {
    if (by === 'busy') return b.busyMs - a.busyMs || byName(a, b)
    if (by === 'failed') return b.failed - a.failed || byName(a, b)
    return byName(a, b)
  })
}

function barOf(attempt: Attempt): Bar {
  return {
    attempt,
    start: new Date(attempt.started).getTime(),
    end: attempt.ended ? new Date(attempt.ended).getTime() : undefined,
    tone: toneOf(attempt),
  }
}

function toneOf(attempt: Attempt): Bar['tone'] {
  if (!attempt.ended) return 'active'
  if (attempt.outcome === 'completed') return 'completed'
  return attempt.outcome === 'canceled' || attempt.outcome === 'requeued' ? 'canceled' : 'failed'
}

export interface Span {
  from: number
  to: number
}

/** Where in a span a time is: 0 at its beginning, 1 at its end. */
export function placeOf(time: number, span: Span): number {
  return (time - span.from) / (span.to - span.from)
}

/** All that happened, up to now while anything runs. */
export function spanOf(rows: readonly TimelineRow[], now: number): Span {
  let from = Number.POSITIVE_INFINITY
  let to = Number.NEGATIVE_INFINITY
  for (const row of rows) {
    for (const bar of row.bars) {
      from = Math.min(from, bar.start)
      to = Math.max(to, bar.end ?? now)
    }
    if (row.away !== undefined && row.bars.length > 0) to = Math.max(to, now)
  }
  if (from > to) return { from: now - 60_000, to: now }
  return to - from < 1000 ? { from, to: from + 1000 } : { from, to }
}

/** A part of the picture: rows by place and a span of time, both ends included. */
export interface Brush extends Span {
  firstRow: number
  lastRow: number
}

/** The attempts a brush touches; what still runs reaches to the edge. */
export function attemptsIn(rows: readonly TimelineRow[], brush: Brush): Attempt[] {
  return rows
    .slice(brush.firstRow, brush.lastRow + 1)
    .flatMap(({ bars }) => bars)
    .filter((bar) => bar.start <= brush.to && (bar.end ?? Number.POSITIVE_INFINITY) >= brush.from)
    .map(({ attempt }) => attempt)
}

/** Zooms about a point of the span that keeps its place on the screen. */
export function zoomSpan(span: Span, whole: Span, at: number, factor: number): Span {
  const width = Math.min(whole.to - whole.from, Math.max(2000, (span.to - span.from) * factor))
  const share = (at - span.from) / (span.to - span.from)
  return panSpan({ from: at - share * width, to: at + (1 - share) * width }, whole, 0)
}

export function panSpan(span: Span, whole: Span, by: number): Span {
  const width = span.to - span.from
  const from = Math.min(whole.to - width, Math.max(whole.from, span.from + by))
  return { from, to: from + width }
}

const steps = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
  172_800, 604_800,
]

/** Whole times of day to write under the bars, a handful over the span. */
export function ticksOf(span: Span, most = 8): number[] {
  const step = (steps.find((s) => (span.to - span.from) / (s * 1000) <= most) ?? 604_800) * 1000
  const offset = new Date(span.from).getTimezoneOffset() * 60_000
  const first = Math.ceil((span.from - offset) / step) * step + offset
  const ticks: number[] = []
  for (let at = first; at <= span.to; at += step) ticks.push(at)
  return ticks
}
