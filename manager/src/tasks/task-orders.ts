import type { TaskStatus } from '@shaman-farm/manager-api'
import type { Farm } from '../farm.ts'
import { queuedOrPaused } from '../lifecycle/requeue.ts'
import { changeTaskStatus } from '../lifecycle/task-status.ts'
import { FarmError } from '../problems.ts'
import { canPersonOrder } from './task-rules.ts'
import type { TaskRecord } from './tasks-store.ts'

/** A person's word on one task. Queueing it again forgets who failed it. */
export function orderTaskStatus(
  farm: Farm,
  task: TaskRecord,
  to: TaskStatus,
  reason: string,
): void {
  if (to === task.status) return
  if (!canPersonOrder(to)) {
    throw new FarmError('STATUS_NOT_ALLOWED', `Nobody can order a task to be ${to}`, {
      hint: 'A task can be canceled, paused or queued again, or declared completed or failed.',
    })
  }
  farm.transaction(() => {
    if (to === 'queued') farm.tasks.clearFailures(task.id)
    changeTaskStatus(farm, task, {
      to: to === 'queued' ? queuedOrPaused(farm, task.job_id) : to,
      activity: reason,
      reason,
      byPerson: true,
    })
  })
}
