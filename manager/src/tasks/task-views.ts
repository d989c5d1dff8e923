import type { Task, TaskSummary, TaskWorker } from '@shaman-farm/manager-api'
import { dateTime, optionalTime } from '../db/times.ts'
import type { TaskRecord, TaskWithWorker } from './tasks-store.ts'

export function taskSummary(task: TaskWithWorker): TaskSummary {
  return { ...taskFacts(task), worker: taskWorker(task) }
}

export function taskFacts(task: TaskRecord): TaskSummary {
  return {
    id: task.uuid,
    name: task.name,
    status: task.status,
    index_in_job: task.index_in_job,
    priority: task.priority,
    task_type: task.type,
    updated: dateTime(task.updated_at),
    steps_completed: task.steps_completed,
    steps_total: task.steps_total,
  }
}

export function taskDetail(
  task: TaskWithWorker,
  jobUuid: string,
  failedBy: readonly { uuid: string; name: string; address: string }[],
): Task {
  return {
    id: task.uuid,
    created: dateTime(task.created_at),
    updated: dateTime(task.updated_at),
    job_id: jobUuid,
    index_in_job: task.index_in_job,
    name: task.name,
    status: task.status,
    priority: task.priority,
    task_type: task.type,
    activity: task.activity,
    commands: JSON.parse(task.commands) as Task['commands'],
    steps_completed: task.steps_completed,
    steps_total: task.steps_total,
    worker: taskWorker(task),
    ...optionalTime('last_touched', task.last_touched_at),
    failed_by_workers: failedBy.map(({ uuid, name, address }) => ({ id: uuid, name, address })),
    ...(task.frames ? { frames: task.frames } : {}),
    ...optionalTime('last_output_at', task.last_output_at),
  }
}

/** All-empty when nobody has the task: the clients know no null. */
export function taskWorker(task: {
  worker_uuid: string | null
  worker_name: string | null
  worker_address: string | null
}): TaskWorker {
  return {
    id: task.worker_uuid ?? '',
    name: task.worker_name ?? '',
    address: task.worker_address ?? '',
  }
}
