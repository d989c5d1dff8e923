import type { Throughput } from '@shaman-farm/manager-api'
import { dateTime } from '../db/times.ts'
import type { Farm } from '../farm.ts'

const step = { ms: 1_800_000, count: 48 }

/** How many attempts ended in each half hour of the last day, the present one last. */
export function throughputOf(farm: Farm): Throughput {
  // Steps begin at round times, so that a moment stays in its step.
  const from = (Math.floor(farm.now() / step.ms) + 1 - step.count) * step.ms
  const completed = new Array<number>(step.count).fill(0)
  const failed = new Array<number>(step.count).fill(0)
  for (const { ended_at, outcome } of farm.attempts.endsSince(from)) {
    const at = Math.floor((ended_at - from) / step.ms)
    if (at < 0 || at >= step.count) continue
    if (outcome === 'completed') completed[at]! += 1
    else if (outcome === 'failed' || outcome === 'timed-out') failed[at]! += 1
  }
  return { from: dateTime(from), step_s: step.ms / 1000, completed, failed }
}
