import type { FarmEvent, NotificationKind } from '@shaman-farm/manager-api'

/** What is noted of an event. */
export interface Notice {
  kind: NotificationKind
  title: string
  detail: string
  job: string | null
  worker: string | null
}

/** Most of what happens is no news to somebody who does not look; what is: a job's end, and a worker that is lost. */
export function noticeOf({ kind, data }: FarmEvent): Notice | undefined {
  if (kind === 'job') return data.previous_status === undefined ? undefined : endOfJob(data)
  if (kind !== 'worker' || data.status !== 'error' || data.previous_status === 'error') {
    return undefined
  }
  return {
    kind: 'worker-gone',
    title: `Worker ${data.name} is gone`,
    detail: 'Its tasks went to others. When it is back it goes on by itself.',
    job: null,
    worker: data.id,
  }
}

function endOfJob(job: Extract<FarmEvent, { kind: 'job' }>['data']): Notice | undefined {
  const about = { job: job.id, worker: null }
  if (job.status === 'completed') {
    return { kind: 'job-completed', title: `${job.name} is completed`, detail: '', ...about }
  }
  if (job.status === 'failed') {
    const detail = 'Its page tells which tasks failed, and why.'
    return { kind: 'job-failed', title: `${job.name} failed`, detail, ...about }
  }
  return undefined
}
