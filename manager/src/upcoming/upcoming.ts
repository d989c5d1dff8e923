import type { Farm } from '../farm.ts'
import { taskTypesOf } from '../scheduler/scheduler.ts'
import type { WorkerRecord } from '../workers/workers-store.ts'

const mostCheckouts = 2

/**
 * The checkouts of the jobs whose tasks this worker would be given if it asked now, the nearest first. A guess: another
 * worker may come first. It spares a worker without the shared storage the wait for its next job's files.
 */
export function upcomingCheckouts(farm: Farm, worker: WorkerRecord): string[] {
  const types = taskTypesOf(worker)
  const tags = farm.workers.tagIds(worker.id)
  const found = new Set<string>()
  for (const { id, tagId } of farm.readiness.candidates()) {
    if (tagId !== null && !tags.has(tagId)) continue
    const hasTask = types.some(
      (type) => farm.tasks.hasReady(id, type) && !farm.workers.isBlocked(id, worker.id, type),
    )
    const checkout = hasTask ? farm.jobs.byId(id).shaman_checkout_id : ''
    if (checkout !== '') found.add(checkout)
    if (found.size === mostCheckouts) break
  }
  return [...found]
}
