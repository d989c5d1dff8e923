import type { Eta } from '@shaman-farm/manager-api'
import type { Farm } from '../farm.ts'
import { type JobRecord, tallyOf } from '../jobs/jobs-store.ts'

const minFrames = 3

/**
 * Time left, as a range: the frames still to do, at the speed of the faster and of the slower frames so far, spread
 * over the workers that are at it now.
 */
export function etaOf(farm: Farm, job: JobRecord): { eta?: Eta } {
  if (job.status !== 'active') return {}
  const left = job.steps_total - job.steps_completed
  const { active } = tallyOf(job)
  if (left <= 0 || active === 0) return {}
  const times = farm.attempts.frameDurations(job.id).sort((a, b) => a - b)
  if (times.length < minFrames) return {}
  const at = (share: number): number => times[Math.floor((times.length - 1) * share)]!
  const seconds = (ms: number): number => Math.ceil((left * ms) / active / 1000)
  return { eta: { low_s: seconds(at(0.25)), high_s: seconds(at(0.75)) } }
}
