import type { JobBlocklist } from '@shaman-farm/manager-api'
import type { Farm } from '../farm.ts'
import { needWorker } from '../http/lookup.ts'
import { announceJob } from '../lifecycle/announce.ts'
import { FarmError } from '../problems.ts'
import { taskTypesOf } from '../scheduler/scheduler.ts'
import type { WorkerRecord } from '../workers/workers-store.ts'
import type { JobCore } from './jobs-store.ts'

/**
 * A person keeps workers off types of tasks of a job, until a person takes them back: requeueing the job does not. What
 * they are running they finish.
 *
 * @throws WORKER_UNKNOWN, or BAD_REQUEST for a type that the worker does not run anyway; then nobody is excluded
 */
export function excludeWorkers(farm: Farm, job: JobCore, entries: JobBlocklist): void {
  needEntries(entries)
  farm.transaction(() => {
    for (const { worker_id, task_type } of entries) {
      const worker = needWorker(farm, worker_id)
      needTaskType(worker, task_type)
      const block = { job: job.id, worker: worker.id, type: task_type, now: farm.now() }
      farm.workers.block({ ...block, byPerson: true })
    }
    announceJob(farm, job)
  })
}

/** Takes workers off the blocklist, whoever put them there; what is not on it is no error. */
export function readmitWorkers(farm: Farm, job: JobCore, entries: JobBlocklist): void {
  needEntries(entries)
  farm.transaction(() => {
    for (const { worker_id, task_type } of entries) {
      farm.workers.unblock(job.id, worker_id, task_type)
    }
    announceJob(farm, job)
    farm.notify('ready')
  })
}

function needEntries(entries: JobBlocklist): void {
  if (entries.length === 0) throw new FarmError('BAD_REQUEST', 'The list of entries is empty')
}

function needTaskType(worker: WorkerRecord, type: string): void {
  const types = taskTypesOf(worker)
  if (types.includes(type)) return
  throw new FarmError('BAD_REQUEST', `Worker ${worker.name} runs no tasks of type "${type}"`, {
    hint: `It runs: ${types.join(', ')}.`,
  })
}
