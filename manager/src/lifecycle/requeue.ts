import type { AttemptOutcome, TaskStatus } from '@shaman-farm/manager-api'
import type { Farm } from '../farm.ts'
import type { WorkerRecord } from '../workers/workers-store.ts'
import { changeTaskStatus } from './task-status.ts'

/** A worker goes away: what it was doing goes back into the queue (or waits, when the job is being paused). */
export function requeueTasksOf(
  farm: Farm,
  worker: WorkerRecord,
  reason: string,
  outcome: AttemptOutcome = 'requeued',
): void {
  for (const task of farm.tasks.activeOfWorker(worker.id)) {
    changeTaskStatus(farm, task, {
      to: queuedOrPaused(farm, task.job_id),
      activity: `requeued: ${reason}`,
      reason: `worker ${worker.name} ${reason}`,
      outcome,
    })
  }
}

/** Where a task goes that is to be run again: a job at rest is not woken by it. */
export function queuedOrPaused(farm: Farm, job: number): TaskStatus {
  const { status } = farm.jobs.byId(job)
  return status === 'paused' || status === 'pause-requested' ? 'paused' : 'queued'
}
