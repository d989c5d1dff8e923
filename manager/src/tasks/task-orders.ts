import type { TaskStatus } from '@shaman-farm/manager-api'
import type { Farm } from '../farm.ts'
import { refuseArchived } from '../jobs/archive.ts'
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
  if (!canPersonOrder(to, task.status)) {
    throw new FarmError('STATUS_NOT_ALLOWED', `A task that is ${task.status} cannot become ${to}`, {
      hint: 'A task can be canceled or paused until it is done, queued again, or declared completed.',
    })
  }
  if (to === 'queued') refuseArchived(farm.jobs.byId(task.job_id))
  farm.transaction(() => {
    if (to !== 'queued') {
      changeTaskStatus(farm, task, { to, activity: reason, reason, byPerson: true })
      return
    }
    // Without what it waits for, it would wait for ever.
    for (const needed of farm.tasks.givenUpBefore(task.id)) queueAgain(farm, needed, reason)
    queueAgain(farm, task, reason)
  })
}

function queueAgain(farm: Farm, task: TaskRecord, reason: string): void {
  farm.tasks.clearFailures(task.id)
  changeTaskStatus(farm, task, {
    to: queuedOrPaused(farm, task.job_id),
    activity: reason,
    reason,
    byPerson: true,
  })
}
