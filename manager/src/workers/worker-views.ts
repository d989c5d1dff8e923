import type { Worker, WorkerRow, WorkerSummary, WorkerTag } from '@shaman-farm/manager-api'
import { optionalTime } from '../db/times.ts'
import type { Farm } from '../farm.ts'
import { taskFacts } from '../tasks/task-views.ts'
import type { TagRecord } from './tags-store.ts'
import type { WorkerRecord } from './workers-store.ts'

export function workerSummary(worker: WorkerRecord): WorkerSummary {
  return {
    id: worker.uuid,
    name: worker.name,
    status: worker.status,
    ...(worker.status_requested
      ? {
          status_change: {
            status: worker.status_requested,
            is_lazy: worker.status_request_is_lazy === 1,
          },
        }
      : {}),
    ...optionalTime('last_seen', worker.last_seen_at),
    version: worker.software,
    can_restart: worker.can_restart === 1,
  }
}

export function workerDetail(farm: Farm, worker: WorkerRecord): Worker & WorkerRow {
  const task = farm.tasks.lastOfWorker(worker.id)
  return {
    ...workerSummary(worker),
    ip_address: worker.address,
    platform: worker.platform,
    supported_task_types: JSON.parse(worker.task_types) as string[],
    ...(task ? { task: { ...taskFacts(task), job_id: task.job_uuid } } : {}),
    tags: farm.tags.ofWorker(worker.id).map(tagView),
  }
}

export function tagView({ uuid, name, description }: TagRecord): WorkerTag {
  return { id: uuid, name, description }
}
