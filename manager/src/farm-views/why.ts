import { canDoToJob, type JobWhy, schedulableJobStatuses } from '@shaman-farm/manager-api'
import type { Farm } from '../farm.ts'
import { type JobRecord, tallyOf } from '../jobs/jobs-store.ts'
import { taskTypesOf } from '../scheduler/scheduler.ts'
import type { WorkerRecord } from '../workers/workers-store.ts'

type Reason = JobWhy['reasons'][number]
type WorkerHurdle = Exclude<
  Reason['code'],
  'job-status' | 'job-being-deleted' | 'waits-for-tasks' | 'no-workers' | 'higher-priority-first'
>

/** Why a job is not being worked on, or not by more workers: the scheduler's own conditions, counted. */
export function whyOf(farm: Farm, job: JobRecord): JobWhy {
  const facts = gather(farm, job)
  const hurdles = hurdlesOf(farm, job, facts)
  const reasons = [
    ...jobReasons(job),
    ...taskReasons(facts),
    ...workerReasons(farm, job, facts, hurdles),
  ]
  return {
    summary: summarize(job, facts, reasons),
    ready_tasks: facts.ready,
    waiting_tasks: facts.waiting,
    active_tasks: tallyOf(job).active,
    eligible_workers: hurdles.get('none') ?? 0,
    reasons,
  }
}

interface Facts {
  ready: number
  waiting: number
  types: { type: string; n: number }[]
  workers: WorkerRecord[]
}

function gather(farm: Farm, job: JobRecord): Facts {
  const types = farm.db
    .prepare<[number], { type: string; n: number }>(
      `SELECT type, count(*) AS n FROM tasks
        WHERE job_id = ? AND waits_for = 0 AND status IN ('queued', 'soft-failed') GROUP BY type`,
    )
    .all(job.id)
  const { waiting } = farm.db
    .prepare<[number], { waiting: number }>(
      `SELECT count(*) AS waiting FROM tasks WHERE job_id = ? AND waits_for > 0
          AND status IN ('queued', 'soft-failed')`,
    )
    .get(job.id)!
  return {
    ready: types.reduce((sum, { n }) => sum + n, 0),
    waiting,
    types,
    workers: farm.workers.all(),
  }
}

function wayBack({ status, archived_at }: JobRecord): { hint?: string } {
  if (archived_at !== null) return { hint: 'It is archived; submit it again to run it.' }
  return canDoToJob('requeue', status) ? { hint: 'Requeue it to run it.' } : {}
}

function jobReasons(job: JobRecord): Reason[] {
  const reasons: Reason[] = []
  if (job.delete_requested_at !== null) {
    reasons.push({ code: 'job-being-deleted', message: 'The job is being deleted', count: 1 })
  }
  if (!(schedulableJobStatuses as readonly string[]).includes(job.status)) {
    reasons.push({
      code: 'job-status',
      message: `The job is ${job.status}`,
      count: 1,
      ...wayBack(job),
    })
  }
  return reasons
}

function taskReasons({ waiting }: Facts): Reason[] {
  if (waiting === 0) return []
  const message = `${waiting} ${waiting === 1 ? 'task waits' : 'tasks wait'} for other tasks`
  return [{ code: 'waits-for-tasks', message, count: waiting }]
}

/** Each worker's first hurdle, counted; `none` are the workers that could start at once. */
function hurdlesOf(
  farm: Farm,
  job: JobRecord,
  { types, workers }: Facts,
): Map<WorkerHurdle | 'none', number> {
  const counts = new Map<WorkerHurdle | 'none', number>()
  for (const worker of workers) {
    const hurdle = hurdleOf(farm, job, types, worker) ?? 'none'
    counts.set(hurdle, (counts.get(hurdle) ?? 0) + 1)
  }
  return counts
}

function hurdleOf(
  farm: Farm,
  job: JobRecord,
  types: Facts['types'],
  worker: WorkerRecord,
): WorkerHurdle | undefined {
  if (job.worker_tag_id !== null && !farm.workers.tagIds(worker.id).has(job.worker_tag_id)) {
    return 'tag-mismatch'
  }
  const supported = types.filter(({ type }) => taskTypesOf(worker).includes(type))
  if (supported.length === 0 && types.length > 0) return 'task-type-unsupported'
  const allowed = supported.filter(({ type }) => !farm.workers.isBlocked(job.id, worker.id, type))
  if (supported.length > 0 && allowed.length === 0) return 'blocklisted'
  if (worker.status !== 'awake') return 'workers-not-awake'
  if (allowed.length > 0 && !allowed.some(({ type }) => farm.tasks.pick(job.id, type, worker.id))) {
    return 'failed-by-worker'
  }
  if (farm.tasks.activeOfWorker(worker.id).length > 0) return 'workers-busy'
  return undefined
}

const messages: Readonly<Record<WorkerHurdle, { text: string; hint?: string }>> = {
  'tag-mismatch': {
    text: "lack the job's tag",
    hint: 'Give workers the tag, or take it off the job.',
  },
  'task-type-unsupported': {
    text: 'do not support the task types in question',
    hint: 'Workers state their task types in their configuration.',
  },
  blocklisted: {
    text: "are on the job's blocklist",
    hint: 'Look at what they failed, then take them off it.',
  },
  'workers-not-awake': { text: 'are not awake' },
  'failed-by-worker': { text: 'have failed every task that is left' },
  'workers-busy': { text: 'are busy' },
}

function workerReasons(
  farm: Farm,
  job: JobRecord,
  { ready, workers }: Facts,
  hurdles: ReadonlyMap<WorkerHurdle | 'none', number>,
): Reason[] {
  if (ready === 0) return []
  if (workers.length === 0) {
    const hint = 'Start one with: farm worker'
    return [{ code: 'no-workers', message: 'There are no workers', count: 0, hint }]
  }
  const reasons = [...hurdles].flatMap(([code, count]): Reason[] => {
    if (code === 'none') return []
    const { text, hint } = messages[code]
    const who = `${count} of ${workers.length} ${workers.length === 1 ? 'worker' : 'workers'}`
    return [{ code, message: `${who} ${text}`, count, ...(hint ? { hint } : {}) }]
  })
  const before = jobsBefore(farm, job)
  if (before > 0) {
    const message = `${before} ${before === 1 ? 'job is' : 'jobs are'} served first`
    reasons.push({ code: 'higher-priority-first', message, count: before })
  }
  return reasons
}

/** Jobs with ready tasks that come before this one. */
function jobsBefore(farm: Farm, job: JobRecord): number {
  const line = farm.readiness.candidates()
  const at = line.findIndex(({ id }) => id === job.id)
  return line.slice(0, Math.max(at, 0)).filter(({ id }) => farm.tasks.hasReady(id)).length
}

function summarize(job: JobRecord, facts: Facts, reasons: readonly Reason[]): string {
  const { active } = tallyOf(job)
  // That the video waits for the frames is in order; what keeps the frames from being made is the news.
  const first = reasons.find(({ code }) => code !== 'waits-for-tasks')
  if (active > 0) {
    const others = facts.ready > 0 ? `, ${facts.ready} more could run` : ''
    return `${active} ${active === 1 ? 'task is' : 'tasks are'} running${others}`
  }
  if (first) return first.message
  if (facts.ready > 0) return 'A worker will take the next task in a moment'
  return reasons[0]?.message ?? 'Nothing is left to do'
}
