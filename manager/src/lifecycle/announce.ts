import type { JobStatus, TaskStatus, WorkerStatus } from '@shaman-farm/manager-api'
import { dateTime, optionalTime } from '../db/times.ts'
import type { Farm } from '../farm.ts'
import type { JobCore } from '../jobs/jobs-store.ts'
import type { TaskRecord } from '../tasks/tasks-store.ts'
import type { WorkerRecord } from '../workers/workers-store.ts'

export function announceJob(
  farm: Farm,
  job: JobCore,
  facts: { previous?: JobStatus; refreshTasks?: boolean; wasDeleted?: boolean } = {},
): void {
  farm.publish({
    kind: 'job',
    data: {
      id: job.uuid,
      name: job.name,
      updated: dateTime(job.updated_at),
      status: job.status,
      ...(facts.previous ? { previous_status: facts.previous } : {}),
      type: job.job_type,
      priority: job.priority,
      refresh_tasks: facts.refreshTasks ?? false,
      steps_completed: job.steps_completed,
      steps_total: job.steps_total,
      ...optionalTime('delete_requested_at', job.delete_requested_at),
      ...(facts.wasDeleted ? { was_deleted: true } : {}),
    },
  })
}

export function announceTask(
  farm: Farm,
  jobUuid: string,
  task: TaskRecord,
  facts: { previous?: TaskStatus; worker?: WorkerRecord | undefined } = {},
): void {
  const worker =
    facts.worker ?? (task.worker_id === null ? undefined : farm.workers.byId(task.worker_id))
  farm.publish({
    kind: 'task',
    data: {
      id: task.uuid,
      job_id: jobUuid,
      ...(worker ? { worker: { name: worker.name, uuid: worker.uuid } } : {}),
      name: task.name,
      updated: dateTime(task.updated_at),
      status: task.status,
      ...(facts.previous ? { previous_status: facts.previous } : {}),
      activity: task.activity,
      steps_completed: task.steps_completed,
      steps_total: task.steps_total,
    },
  })
}

export function announceWorker(
  farm: Farm,
  worker: WorkerRecord,
  facts: { previous?: WorkerStatus } = {},
): void {
  farm.publish({
    kind: 'worker',
    data: {
      id: worker.uuid,
      name: worker.name,
      updated: dateTime(worker.updated_at),
      ...optionalTime('last_seen', worker.last_seen_at),
      status: worker.status,
      ...(facts.previous ? { previous_status: facts.previous } : {}),
      ...(worker.status_requested
        ? {
            status_change: {
              status: worker.status_requested,
              is_lazy: worker.status_request_is_lazy === 1,
            },
          }
        : {}),
      version: worker.software,
      ...optionalTime('deleted_at', worker.deleted_at),
      can_restart: worker.can_restart === 1,
    },
  })
}
