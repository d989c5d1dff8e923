import { formatDuration } from './format.ts'
import type { Attempt } from './wire.ts'

export interface HealthBar {
  tone: 'completed' | 'failed' | 'active' | 'canceled'
  /** Percent of the strip's height: how long it took, in logarithms. */
  height: number
  title: string
}

export interface WorkerHealth {
  bars: HealthBar[]
  failed: number
  /** Of the bars, those that are over. */
  ended: number
  /** Fails so often that a person should look. */
  suspicious: boolean
}

/** The last attempts of a worker, oldest first, as bars whose height is the time they took. */
export function healthOf(
  attempts: readonly Attempt[],
  { now = Date.now(), othersRate }: { now?: number; othersRate?: number | undefined } = {},
): WorkerHealth {
  const latest = attempts.slice(0, 20).toReversed()
  const lengths = latest.map((attempt) =>
    Math.max(1, (attempt.ended ? Date.parse(attempt.ended) : now) - Date.parse(attempt.started)),
  )
  const longest = Math.log(Math.max(10, ...lengths))
  const bars = latest.map((attempt, index): HealthBar => {
    const length = lengths[index]!
    return {
      tone: toneOf(attempt),
      height: Math.round(25 + (75 * Math.log(length)) / longest),
      title: `${attempt.task_name}: ${attempt.outcome ?? 'running'}, ${formatDuration(length)}`,
    }
  })
  const failed = bars.filter((bar) => bar.tone === 'failed').length
  const ended = bars.filter((bar) => bar.tone !== 'active').length
  // Where everything fails it is the job; where one worker fails it is the worker.
  const limit = othersRate === undefined ? 0.3 : Math.max(0.15, othersRate * 3)
  return { bars, failed, ended, suspicious: failed >= 3 && failed / Math.max(1, ended) >= limit }
}

function toneOf(attempt: Attempt): HealthBar['tone'] {
  if (!attempt.outcome) return 'active'
  if (attempt.outcome === 'completed') return 'completed'
  return attempt.outcome === 'canceled' || attempt.outcome === 'requeued' ? 'canceled' : 'failed'
}
