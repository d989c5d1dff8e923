import type { JobStatus, TaskStatus } from '@shaman-farm/manager-api'

/** How many of a job's tasks are in each status. */
export type TaskTally = Readonly<Record<TaskStatus, number>>

export interface JobFacts {
  status: JobStatus
  tally: TaskTally
  /** Whether a task could be handed out now. Asked only when the answer matters: it costs a query. */
  hasReadyTask(): boolean
}

/** From this share of failed tasks on, the job is given up. */
export interface FailurePolicy {
  failedPercent: number
}

const moving: readonly JobStatus[] = ['active', 'queued']

/** What the job becomes because one of its tasks just became `to`; undefined leaves it. */
export function jobAfterTask(
  to: TaskStatus,
  job: JobFacts,
  policy: FailurePolicy,
): JobStatus | undefined {
  // A finished job never comes back by itself: only a person's request moves it (see jobAfterOrder).
  if (job.status !== 'pause-requested' && !moving.includes(job.status)) return undefined
  switch (to) {
    case 'queued':
      return pausedWhenDrained(job)
    case 'active':
    case 'soft-failed':
      return pausedWhenDrained(job) ?? started(job)
    case 'paused':
      return pausedWhenDrained(job)
    case 'canceled':
      return afterCanceled(job) ?? pausedWhenDrained(job) ?? stuck(job)
    case 'failed':
      return hasFailedTooMuch(job, policy)
        ? 'failed'
        : (pausedWhenDrained(job) ?? stuck(job) ?? started(job))
    case 'completed':
      return isComplete(job) ? 'completed' : (pausedWhenDrained(job) ?? stuck(job) ?? started(job))
  }
}

/**
 * What a person's order for one task makes of a finished job: a task asked for again brings it back to work, for that
 * task alone; and when the last task is declared done, so is the job.
 */
export function jobAfterOrder(
  to: TaskStatus,
  job: Pick<JobFacts, 'status' | 'tally'>,
): JobStatus | undefined {
  if (!['completed', 'canceled', 'failed'].includes(job.status)) return undefined
  if (to === 'queued') return 'queued'
  return to === 'completed' && isComplete(job) ? 'completed' : undefined
}

export interface JobConsequence {
  /** Tasks that change with the job, all at once. */
  tasks?: { from: readonly TaskStatus[]; to: TaskStatus }
  next?: JobStatus
}

const unfinished: readonly TaskStatus[] = ['active', 'queued', 'soft-failed', 'paused']

/** What follows from a job's new status. */
export function consequenceOf(to: JobStatus, from: JobStatus, tally: TaskTally): JobConsequence {
  switch (to) {
    case 'cancel-requested':
      return { tasks: { from: unfinished, to: 'canceled' }, next: 'canceled' }
    case 'failed':
      return { tasks: { from: unfinished, to: 'canceled' } }
    case 'pause-requested':
      return {
        tasks: { from: ['queued', 'soft-failed'], to: 'paused' },
        ...(tally.active === 0 ? { next: 'paused' } : {}),
      }
    case 'requeueing':
      return {
        tasks: {
          from:
            from === 'completed'
              ? ['completed', 'canceled', 'failed', 'paused', 'soft-failed']
              : ['canceled', 'failed', 'paused', 'soft-failed'],
          to: 'queued',
        },
        next: 'queued',
      }
    case 'queued':
      if (isComplete({ tally })) return { next: 'completed' }
      return tally.active > 0 ? { next: 'active' } : {}
    default:
      return {}
  }
}

/** Statuses that must be carried on with after a restart: a crash left them half-way. */
export const unsettledJobStatuses = ['cancel-requested', 'requeueing', 'pause-requested'] as const

/**
 * What a person's wish for a status means. Flamenco's clients ask for the `...-requested` forms; the settled forms
 * mean the same. Undefined: nobody can order that.
 */
export function requestedStatus(wish: JobStatus): JobStatus | undefined {
  switch (wish) {
    case 'canceled':
    case 'cancel-requested':
      return 'cancel-requested'
    case 'paused':
    case 'pause-requested':
      return 'pause-requested'
    case 'queued':
    case 'requeueing':
      return 'requeueing'
    case 'failed':
      return 'failed'
    default:
      return undefined
  }
}

const requestableFrom: Readonly<Record<string, readonly JobStatus[]>> = {
  'cancel-requested': [
    'active',
    'queued',
    'paused',
    'pause-requested',
    'failed',
    'cancel-requested',
  ],
  'pause-requested': ['active', 'queued', 'canceled', 'pause-requested'],
  requeueing: [
    'active',
    'queued',
    'canceled',
    'completed',
    'failed',
    'paused',
    'pause-requested',
    'requeueing',
  ],
  failed: ['active', 'queued', 'paused', 'pause-requested'],
}

export function canRequest(wish: JobStatus, from: JobStatus): boolean {
  return requestableFrom[wish]?.includes(from) ?? false
}

export function total(tally: TaskTally): number {
  return Object.values(tally).reduce((sum, count) => sum + count, 0)
}

function isComplete({ tally }: { tally: TaskTally }): boolean {
  return tally.completed === total(tally)
}

function started(job: JobFacts): JobStatus | undefined {
  return job.status === 'queued' ? 'active' : undefined
}

function pausedWhenDrained(job: JobFacts): JobStatus | undefined {
  return job.status === 'pause-requested' && job.tally.active === 0 ? 'paused' : undefined
}

/** Nothing is left to do and something was canceled: so is the job. */
function afterCanceled({ tally }: JobFacts): JobStatus | undefined {
  const left = tally.active + tally.queued + tally['soft-failed'] + tally.paused
  return left === 0 ? 'canceled' : undefined
}

function hasFailedTooMuch({ tally }: JobFacts, policy: FailurePolicy): boolean {
  return Math.floor((tally.failed * 100) / total(tally)) >= policy.failedPercent
}

/**
 * Tasks are left, but each waits for one that will never be completed. Without this the job would stand there active
 * for ever.
 */
function stuck(job: JobFacts): JobStatus | undefined {
  const { tally } = job
  if (job.status === 'pause-requested' || tally.active > 0 || tally.paused > 0) return undefined
  if (tally.failed === 0 && tally.canceled === 0) return undefined
  if (tally.queued + tally['soft-failed'] > 0 && job.hasReadyTask()) return undefined
  return tally.failed > 0 ? 'failed' : 'canceled'
}
