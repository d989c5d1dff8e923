import { type JobStatus, schedulableJobStatuses } from '@shaman-farm/manager-api'
import type { Farm } from '../farm.ts'
import { consequenceOf, type JobConsequence } from '../jobs/job-rules.ts'
import { type JobCore, tallyOf } from '../jobs/jobs-store.ts'
import { announceJob } from './announce.ts'

/** The only way a job changes its status, with everything that follows. Call inside a transaction. */
export function changeJobStatus(farm: Farm, id: number, to: JobStatus, reason: string): void {
  let next: JobStatus | undefined = to
  while (next) next = step(farm, id, next, reason)
}

/** Carries on with what the job's present status asks for; after a restart. */
export function settleJob(farm: Farm, job: JobCore): void {
  const { next, tasks } = consequenceOf(job.status, job.status, tallyOf(job))
  if (tasks) changeTasks(farm, job, tasks, 'carried on after a restart')
  const after = tallyOf(farm.jobs.byId(job.id))
  const settled = next ?? consequenceOf(job.status, job.status, after).next
  if (settled) changeJobStatus(farm, job.id, settled, 'carried on after a restart')
}

function step(farm: Farm, id: number, to: JobStatus, reason: string): JobStatus | undefined {
  const job = farm.jobs.byId(id)
  const from = job.status
  if (from === to) return undefined
  farm.jobs.setStatus(id, to, `${to}: ${reason}`, farm.now())
  const first = consequenceOf(to, from, tallyOf(job))
  if (first.tasks) changeTasks(farm, job, first.tasks, reason)
  if (isSchedulable(from) !== isSchedulable(to)) farm.readiness.jobsChanged()
  if (isSchedulable(to)) {
    farm.readiness.woke(id)
    farm.notify('ready')
  }
  const after = farm.jobs.byId(id)
  announceJob(farm, after, { previous: from, refreshTasks: first.tasks !== undefined })
  farm.log.info({ job: job.uuid, from, to, reason }, 'job status changed')
  return consequenceOf(to, from, tallyOf(after)).next
}

/** Many tasks at once: no line in each log and no event for each, as the job's event says to fetch them again. */
function changeTasks(
  farm: Farm,
  job: JobCore,
  { from, to }: NonNullable<JobConsequence['tasks']>,
  reason: string,
): void {
  const running = from.includes('active') ? farm.tasks.activeOfJob(job.id) : []
  if (from.includes('active')) {
    farm.attempts.endOfJob(job.id, to === 'canceled' ? 'canceled' : 'requeued', farm.now())
  }
  farm.tasks.changeAll(job.id, { from, to, activity: reason, now: farm.now() })
  if (from.includes('completed')) farm.tasks.countWaits(job.id)
  farm.jobs.recount(job.id)
  for (const task of running) farm.notify(`task:${task.id}`)
}

function isSchedulable(status: JobStatus): boolean {
  return (schedulableJobStatuses as readonly JobStatus[]).includes(status)
}
