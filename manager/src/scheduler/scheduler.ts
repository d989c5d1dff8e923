import { randomUUID } from 'node:crypto'
import type { Farm } from '../farm.ts'
import { assignTask, restartAttempt } from '../lifecycle/task-status.ts'
import type { TaskRecord } from '../tasks/tasks-store.ts'
import type { WorkerRecord } from '../workers/workers-store.ts'

/**
 * Hands the worker the task it is to run now, or none. What it was already running comes first: a worker that asks
 * has nothing in hand. Call inside a transaction.
 */
export function takeTask(farm: Farm, worker: WorkerRecord): TaskRecord | undefined {
  const unfinished = farm.tasks.activeOfWorker(worker.id)[0]
  if (unfinished) {
    restartAttempt(farm, unfinished, randomUUID())
    return unfinished
  }
  const task = findTask(farm, worker)
  if (task) assignTask(farm, task, worker, randomUUID())
  return task
}

/** By job priority, then submission order, then task priority, then place in the job. */
export function findTask(farm: Farm, worker: WorkerRecord): TaskRecord | undefined {
  const types = taskTypesOf(worker)
  const hasBlocks = farm.workers.hasBlocks(worker.id)
  let tags: Set<number> | undefined
  for (const job of farm.readiness.candidates()) {
    if (job.tagId !== null) {
      tags ??= farm.workers.tagIds(worker.id)
      if (!tags.has(job.tagId)) continue
    }
    const allowed = types.filter(
      (type) =>
        !farm.readiness.isDry(job.id, type) &&
        !(hasBlocks && farm.workers.isBlocked(job.id, worker.id, type)),
    )
    const task = firstOf(allowed.flatMap((type) => pick(farm, job.id, type, worker) ?? []))
    if (task) return task
  }
  return undefined
}

export function taskTypesOf(worker: WorkerRecord): string[] {
  return JSON.parse(worker.task_types) as string[]
}

function pick(farm: Farm, job: number, type: string, worker: WorkerRecord): TaskRecord | undefined {
  const task = farm.tasks.pick(job, type, worker.id)
  if (!task) farm.readiness.cameBackEmpty(job, type)
  return task
}

function firstOf(tasks: readonly TaskRecord[]): TaskRecord | undefined {
  return tasks.toSorted((a, b) => b.priority - a.priority || a.index_in_job - b.index_in_job)[0]
}
