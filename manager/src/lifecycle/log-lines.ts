import type { Farm } from '../farm.ts'
import type { TaskRecord } from '../tasks/tasks-store.ts'

/** Adds to a task's log and tells those who watch it. The record's size is kept up to date. */
export function appendToLog(farm: Farm, jobUuid: string, task: TaskRecord, text: string): void {
  if (text === '') return
  const chunk = text.endsWith('\n') ? text : `${text}\n`
  const offset = task.log_size
  task.log_size = farm.logs.writeAt(jobUuid, task.uuid, offset, chunk)
  farm.tasks.setLogSize(task.id, task.log_size)
  farm.publish({ kind: 'tasklog', data: { task_id: task.uuid, log: chunk, offset } })
}

/** A line of the manager's own, between what the worker says. */
export function noteInLog(farm: Farm, jobUuid: string, task: TaskRecord, line: string): void {
  appendToLog(farm, jobUuid, task, `${new Date(farm.now()).toISOString()} ${line}\n`)
}
