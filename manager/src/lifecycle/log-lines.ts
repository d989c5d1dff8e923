import type { Farm } from '../farm.ts'
import type { TaskRecord } from '../tasks/tasks-store.ts'

/**
 * Adds to a task's log and tells those who watch it; what is over the limit is left out, which the log says. The
 * record's size is kept up to date.
 */
export function appendToLog(farm: Farm, jobUuid: string, task: TaskRecord, text: string): void {
  if (text === '') return
  const chunk = withinLimit(farm, task, text.endsWith('\n') ? text : `${text}\n`)
  if (chunk === '') return
  const offset = task.log_size
  task.log_size = farm.logs.writeAt(jobUuid, task.uuid, offset, chunk)
  farm.tasks.setLogSize(task.id, task.log_size)
  farm.publish({ kind: 'tasklog', data: { task_id: task.uuid, log: chunk, offset } })
}

/** A line of the manager's own, between what the worker says. */
export function noteInLog(farm: Farm, jobUuid: string, task: TaskRecord, line: string): void {
  appendToLog(farm, jobUuid, task, `${new Date(farm.now()).toISOString()} ${line}\n`)
}

/** The last words take the log over its limit, so that they are said once. */
function withinLimit(farm: Farm, task: TaskRecord, chunk: string): string {
  const { taskLogLimit, raw } = farm.config.current
  const room = taskLogLimit - task.log_size
  if (Buffer.byteLength(chunk) <= room) return chunk
  if (room < 0) return ''
  const start = Buffer.from(chunk).subarray(0, room).toString()
  const time = new Date(farm.now()).toISOString()
  return `${start}\n${time} the log ends here: it has ${raw.task_log_limit_mib} MiB, as task_log_limit_mib says\n`
}
