import type { Farm } from '../farm.ts'
import type { JobRecord } from '../jobs/jobs-store.ts'
import { FarmError } from '../problems.ts'
import type { TaskRecord } from '../tasks/tasks-store.ts'
import type { TagRecord } from '../workers/tags-store.ts'
import type { WorkerRecord } from '../workers/workers-store.ts'

/** Finds what a path names, or refuses. */
export function needJob(farm: Farm, uuid: string): JobRecord {
  return need(farm.jobs.byUuid(uuid), 'JOB_UNKNOWN', `There is no job ${uuid}`)
}

export function needTask(farm: Farm, uuid: string): TaskRecord {
  return need(farm.tasks.byUuid(uuid), 'TASK_UNKNOWN', `There is no task ${uuid}`)
}

export function needWorker(farm: Farm, uuid: string): WorkerRecord {
  return need(farm.workers.byUuid(uuid), 'WORKER_UNKNOWN', `There is no worker ${uuid}`)
}

export function needTag(farm: Farm, uuid: string): TagRecord {
  return need(farm.tags.byUuid(uuid), 'TAG_UNKNOWN', `There is no worker tag ${uuid}`)
}

function need<T>(
  found: T | undefined,
  code: ConstructorParameters<typeof FarmError>[0],
  message: string,
): T {
  if (found !== undefined) return found
  throw new FarmError(code, message)
}
