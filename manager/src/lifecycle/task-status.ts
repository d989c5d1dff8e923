import type { AttemptOutcome, TaskStatus } from '@shaman-farm/manager-api'
import type { Farm } from '../farm.ts'
import { jobAfterOrder, jobAfterTask } from '../jobs/job-rules.ts'
import { type JobCore, tallyOf } from '../jobs/jobs-store.ts'
import { stepsAfter } from '../tasks/task-rules.ts'
import type { TaskRecord } from '../tasks/tasks-store.ts'
import type { WorkerRecord } from '../workers/workers-store.ts'
import { announceTask } from './announce.ts'
import { changeJobStatus } from './job-status.ts'
import { noteInLog } from './log-lines.ts'

export interface TaskStatusChange {
  to: TaskStatus
  /** Shown as the task's activity. */
  activity?: string
  /** Why, for the log. */
  reason?: string
  /** How the attempt ended, where the status alone doesn't tell. */
  outcome?: AttemptOutcome
  /** Asked for by a person, who may bring a finished job back to work. */
  byPerson?: boolean
}

/** The only way a single task changes its status. Call inside a transaction. */
export function changeTaskStatus(farm: Farm, task: TaskRecord, change: TaskStatusChange): void {
  const { to } = change
  const from = task.status
  if (from === to) return
  const now = farm.now()
  const steps = stepsAfter(to, { completed: task.steps_completed, total: task.steps_total })
  const activity = change.activity ?? task.activity
  farm.tasks.setStatus(task.id, { status: to, activity, steps, now })
  farm.jobs.countMove(task.job_id, from, to, steps - task.steps_completed, now)
  Object.assign(task, { status: to, activity, steps_completed: steps, updated_at: now })
  const job = farm.jobs.byId(task.job_id)
  noteChange(farm, job, task, from, change)
  if (from === 'active') endAttempt(farm, task, change.outcome ?? outcomeOf(to))
  releaseOrHold(farm, task, from, to)
  announceTask(farm, job.uuid, task, { previous: from })
  farm.notify(`task:${task.id}`)
  rippleToJob(farm, job, task, change)
}

/** Hands a ready task to a worker; the caller has made sure that it may have it. */
export function assignTask(
  farm: Farm,
  task: TaskRecord,
  worker: WorkerRecord,
  attemptUuid: string,
): void {
  const now = farm.now()
  const from = task.status
  const job = farm.jobs.byId(task.job_id)
  const attempt = farm.attempts.insert({
    uuid: attemptUuid,
    job_id: job.id,
    task_id: task.id,
    worker_id: worker.id,
    started_at: now,
    log_start: task.log_size,
  })
  farm.tasks.assign(task.id, worker.id, attempt, now)
  farm.jobs.countMove(job.id, from, 'active', -task.steps_completed, now)
  Object.assign(task, {
    status: 'active',
    worker_id: worker.id,
    attempt_id: attempt,
    activity: '',
    steps_completed: 0,
    last_touched_at: now,
    last_output_at: now,
    updated_at: now,
  })
  noteInLog(farm, job.uuid, task, `assigned to worker ${worker.name} (${worker.uuid})`)
  announceTask(farm, job.uuid, task, { previous: from, worker })
  farm.notify(`task:${task.id}`)
  const next = jobAfterTask('active', factsOf(farm, farm.jobs.byId(job.id)), policyOf(farm))
  if (next) changeJobStatus(farm, job.id, next, `task ${task.name} started`)
}

/** A new run of a task that its worker had begun before: the first run is lost. */
export function restartAttempt(farm: Farm, task: TaskRecord, attemptUuid: string): void {
  const now = farm.now()
  endAttempt(farm, task, 'worker-lost')
  const attempt = farm.attempts.insert({
    uuid: attemptUuid,
    job_id: task.job_id,
    task_id: task.id,
    worker_id: task.worker_id,
    started_at: now,
    log_start: task.log_size,
  })
  farm.tasks.assign(task.id, task.worker_id!, attempt, now)
  farm.jobs.addSteps(task.job_id, -task.steps_completed, now)
  Object.assign(task, { attempt_id: attempt, steps_completed: 0, last_touched_at: now })
}

export function endAttempt(farm: Farm, task: TaskRecord, outcome: AttemptOutcome): void {
  if (task.attempt_id !== null) {
    farm.attempts.end(task.attempt_id, outcome, task.log_size, farm.now())
  }
}

function noteChange(
  farm: Farm,
  job: JobCore,
  task: TaskRecord,
  from: TaskStatus,
  { to, reason }: TaskStatusChange,
): void {
  const why = reason ? `: ${reason}` : ''
  noteInLog(farm, job.uuid, task, `task changed from ${from} to ${to}${why}`)
}

function outcomeOf(to: TaskStatus): AttemptOutcome {
  switch (to) {
    case 'completed':
      return 'completed'
    case 'failed':
    case 'soft-failed':
      return 'failed'
    case 'canceled':
      return 'canceled'
    default:
      return 'requeued'
  }
}

function releaseOrHold(farm: Farm, task: TaskRecord, from: TaskStatus, to: TaskStatus): void {
  const wasDone = from === 'completed'
  const isDone = to === 'completed'
  if (wasDone !== isDone) farm.tasks.changeWaits(task.id, isDone ? -1 : 1)
  if (isDone || to === 'queued' || to === 'soft-failed') {
    farm.readiness.woke(task.job_id)
    farm.notify('ready')
  }
}

function rippleToJob(
  farm: Farm,
  before: JobCore,
  task: TaskRecord,
  change: TaskStatusChange,
): void {
  const job = farm.jobs.byId(before.id)
  const facts = factsOf(farm, job)
  const wanted =
    (change.byPerson ? jobAfterOrder(change.to, facts) : undefined) ??
    jobAfterTask(change.to, facts, policyOf(farm))
  if (wanted && wanted !== job.status) {
    changeJobStatus(farm, job.id, wanted, `task ${task.name} ${change.to}`)
  }
}

function factsOf(farm: Farm, job: JobCore) {
  return {
    status: job.status,
    tally: tallyOf(job),
    hasReadyTask: () => farm.tasks.hasReady(job.id),
  }
}

function policyOf(farm: Farm): { failedPercent: number } {
  return { failedPercent: farm.config.current.raw.job_fail_percent }
}
