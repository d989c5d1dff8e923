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

/** What a person may order; `active` and `soft-failed` are states of affairs, not wishes. */
const byPerson: Readonly<Record<TaskStatus, readonly TaskStatus[]>> = {
  canceled: ['active', 'queued', 'soft-failed', 'paused'],
  queued: ['active', 'canceled', 'completed', 'failed', 'soft-failed', 'paused'],
  completed: ['active', 'canceled', 'failed', 'queued', 'soft-failed', 'paused'],
  failed: ['active', 'queued', 'soft-failed', 'paused'],
  paused: ['queued', 'soft-failed'],
  active: [],
  'soft-failed': [],
}

export function canPersonOrder(to: TaskStatus, from: TaskStatus): boolean {
  return byPerson[to].includes(from)
}

/** The steps a task has done once it has this status. */
export function stepsAfter(to: TaskStatus, steps: { completed: number; total: number }): number {
  if (to === 'completed') return steps.total
  if (to === 'queued') return 0
  return steps.completed
}
