import type { TaskStatus } from '@shaman-farm/manager-api'

/** What a worker may make of a task that is assigned to it; an update asking for anything else is refused. */
const byWorker: Readonly<Record<TaskStatus, readonly TaskStatus[]>> = {
  active: ['active', 'completed', 'failed', 'queued', 'canceled', 'paused'],
  // It was taken for lost, its task put back, and now it delivers: work done need not be done again.
  queued: ['completed'],
  'soft-failed': [],
  paused: ['completed'],
  canceled: [],
  failed: [],
  completed: ['completed'],
}

export function canWorkerReport(from: TaskStatus, to: TaskStatus): boolean {
  return byWorker[from].includes(to)
}

const byPerson: readonly TaskStatus[] = ['canceled', 'queued', 'completed', 'failed', 'paused']

/** `active` and `soft-failed` are states of affairs, not wishes. */
export function canPersonOrder(to: TaskStatus): boolean {
  return byPerson.includes(to)
}

/** The steps a task has done once it has this status. */
export function stepsAfter(to: TaskStatus, steps: { completed: number; total: number }): number {
  if (to === 'completed') return steps.total
  if (to === 'queued') return 0
  return steps.completed
}
