import { canDoToJob, type JobAction } from '@shaman-farm/manager-api/status'
import { type ApiError, asApiError, call } from './api.ts'
import { formatCount } from './format.ts'
import type { JobStatus } from './wire.ts'

export interface ActResult {
  key: string
  error?: ApiError
}

/** Does an act to each of many, a few at a time, and tells how each one went. */
export async function actOnEach(
  keys: readonly string[],
  act: (key: string) => Promise<unknown>,
  atOnce = 4,
): Promise<ActResult[]> {
  const results: ActResult[] = new Array(keys.length)
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < keys.length) {
      const mine = next
      next += 1
      const key = keys[mine]!
      results[mine] = await act(key).then(
        () => ({ key }),
        (cause: unknown) => ({ key, error: asApiError(cause) }),
      )
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, keys.length) }, lane))
  return results
}

/** `Paused 3 of 4 jobs. "sh020": no such job` — from the answers, never from hope. */
export function tellResults(
  past: string,
  noun: string,
  results: readonly ActResult[],
  nameOf: (key: string) => string,
): string {
  const failed = results.filter((result) => result.error)
  const done = results.length - failed.length
  if (failed.length === 0) {
    return done === 1
      ? `${past} ${nameOf(results[0]!.key)}.`
      : `${past} ${formatCount(done, noun)}.`
  }
  const first = failed[0]!
  const more = failed.length > 1 ? ` And ${failed.length - 1} more.` : ''
  return `${past} ${done} of ${formatCount(results.length, noun)}. ${nameOf(first.key)}: ${first.error?.message}${more}`
}

interface JobActLook {
  /** On a button. */
  verb: string
  /** In a report. */
  past: string
  key: string
  run(id: string): Promise<unknown>
  /** Takes the act back; absent where nothing can. */
  undo?(id: string): Promise<unknown>
}

function setJobStatus(status: JobStatus, reason: string) {
  return (id: string) => call(`/jobs/${id}/setstatus`, { method: 'POST', body: { status, reason } })
}

const requeue = setJobStatus('requeueing', 'Requeued in the dashboard')

export const jobActs = {
  pause: {
    verb: 'Pause',
    past: 'Paused',
    key: 'p',
    run: setJobStatus('pause-requested', 'Paused in the dashboard'),
    undo: requeue,
  },
  requeue: { verb: 'Requeue', past: 'Requeued', key: 'r', run: requeue },
  cancel: {
    verb: 'Cancel',
    past: 'Canceled',
    key: 'Shift+C',
    run: setJobStatus('cancel-requested', 'Canceled in the dashboard'),
    undo: requeue,
  },
  archive: {
    verb: 'Archive…',
    past: 'Archived',
    key: 'Shift+A',
    run: (id: string) => call(`/farm/jobs/${id}/archive`, { method: 'POST' }),
  },
  delete: {
    verb: 'Delete…',
    past: 'Deleting',
    key: 'Delete',
    run: (id: string) => call(`/jobs/${id}`, { method: 'DELETE' }),
  },
} as const satisfies Record<JobAction, JobActLook>

export const jobActLooks: Readonly<Record<JobAction, JobActLook>> = jobActs

/** Those of the jobs an act applies to. */
export function actable<Row extends { id: string; status: JobStatus }>(
  act: JobAction,
  rows: readonly Row[],
): Row[] {
  return rows.filter((row) => canDoToJob(act, row.status))
}

export function setJobPriority(id: string, priority: number): Promise<unknown> {
  return call(`/jobs/${id}/setpriority`, { method: 'POST', body: { priority } })
}

/** An empty id takes the tag off. */
export function setJobTag(id: string, tag: string): Promise<unknown> {
  return call(`/jobs/${id}/settag`, { method: 'POST', body: tag === '' ? {} : { id: tag } })
}

/** Tasks in these states can be put back into the queue. */
export const requeueableTasks: ReadonlySet<string> = new Set([
  'completed',
  'skipped',
  'failed',
  'canceled',
])
export const cancelableTasks: ReadonlySet<string> = new Set([
  'active',
  'queued',
  'waiting',
  'soft-failed',
])

export function setTaskStatus(
  id: string,
  status: 'queued' | 'canceled',
  reason = status === 'queued' ? 'Requeued in the dashboard' : 'Canceled in the dashboard',
): Promise<unknown> {
  return call(`/tasks/${id}/setstatus`, { method: 'POST', body: { status, reason } })
}
