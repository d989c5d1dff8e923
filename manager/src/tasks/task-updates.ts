import type { FailureReport, TaskUpdate } from '@shaman-farm/manager-api'
import type { Farm } from '../farm.ts'
import type { JobCore } from '../jobs/jobs-store.ts'
import { announceJob, announceTask } from '../lifecycle/announce.ts'
import { appendToLog } from '../lifecycle/log-lines.ts'
import { changeTaskStatus } from '../lifecycle/task-status.ts'
import { FarmError } from '../problems.ts'
import { heardFrom } from '../workers/worker-session.ts'
import type { WorkerRecord } from '../workers/workers-store.ts'
import { failTask } from './failures.ts'
import { canWorkerReport } from './task-rules.ts'
import type { TaskRecord } from './tasks-store.ts'

/**
 * What a worker says about its task. All of it or nothing is stored, with the sequence number, so that a worker that
 * got no answer may say it again. A status that comes too late is refused, but the log that comes with it is kept: then
 * the refusal is returned, not thrown. Call inside a transaction.
 */
export function applyUpdate(
  farm: Farm,
  workerId: number,
  taskUuid: string,
  update: TaskUpdate,
  seq: number | undefined,
): FarmError | undefined {
  const worker = heardFrom(farm, farm.workers.byId(workerId))
  const task = farm.tasks.byUuid(taskUuid)
  if (!task) throw new FarmError('TASK_UNKNOWN', `There is no task ${taskUuid}`)
  if (seq !== undefined && seq <= worker.update_seq) return undefined
  if (update.taskStatus === 'soft-failed') {
    throw new FarmError('STATUS_NOT_FOR_WORKERS', 'Only the manager decides on soft failures')
  }
  if (task.worker_id !== worker.id) {
    throw new FarmError('TASK_NOT_YOURS', `Task ${taskUuid} is not assigned to this worker`)
  }
  if (seq !== undefined) farm.workers.setUpdateSeq(worker.id, seq)
  return apply(farm, worker, task, update)
}

/** The `X-Farm-Update-Seq` header. */
export function sequenceOf(header: string | string[] | undefined): number | undefined {
  if (header === undefined) return undefined
  const seq = Number(header)
  if (Number.isSafeInteger(seq) && seq >= 0) return seq
  throw new FarmError('BAD_REQUEST', 'X-Farm-Update-Seq is no whole number')
}

function apply(
  farm: Farm,
  worker: WorkerRecord,
  task: TaskRecord,
  update: TaskUpdate,
): FarmError | undefined {
  const job = farm.jobs.byId(task.job_id)
  if (update.log) appendToLog(farm, job.uuid, task, update.log)
  recordFrames(farm, task, update)
  const { taskStatus } = update
  if (taskStatus && !canWorkerReport(task.status, taskStatus)) {
    return new FarmError('TASK_NOT_ACTIVE', `The task is ${task.status}, not active`, {
      hint: 'It was canceled or given to another worker; stop working on it.',
    })
  }
  if (task.status === 'active') recordProgress(farm, job, task, update)
  if (update.failure) explainFailure(farm, task, update.failure)
  if (taskStatus === 'failed' && task.status === 'active') failTask(farm, worker, task)
  else if (taskStatus && taskStatus !== task.status)
    changeTaskStatus(farm, task, { to: taskStatus })
  return undefined
}

function recordProgress(farm: Farm, job: JobCore, task: TaskRecord, update: TaskUpdate): void {
  const now = farm.now()
  const steps = Math.min(update.steps_completed ?? task.steps_completed, task.steps_total)
  const activity = update.activity ?? task.activity
  const isTold = steps !== task.steps_completed || activity !== task.activity
  const output = lastOutput(update, task, now)
  farm.tasks.progress(task.id, { activity, steps, output, now })
  const moved = steps - task.steps_completed
  Object.assign(task, {
    activity,
    steps_completed: steps,
    last_touched_at: now,
    last_output_at: output,
    updated_at: now,
  })
  if (moved !== 0) {
    farm.jobs.addSteps(task.job_id, moved, now)
    announceJob(farm, { ...job, steps_completed: job.steps_completed + moved, updated_at: now })
  }
  if (isTold) announceTask(farm, job.uuid, task)
}

/** When the program last said something: what tells a hung one from a slow one. */
function lastOutput(update: TaskUpdate, task: TaskRecord, now: number): number | null {
  if (update.last_output_at) return Math.min(Date.parse(update.last_output_at), now)
  return update.log || update.steps_completed !== undefined ? now : task.last_output_at
}

function recordFrames(farm: Farm, task: TaskRecord, { frames }: TaskUpdate): void {
  if (!frames || task.attempt_id === null) return
  for (const { frame, status, duration_ms, file, reused_from } of frames) {
    farm.attempts.addFrame({
      attempt_id: task.attempt_id,
      frame,
      job_id: task.job_id,
      task_id: task.id,
      status,
      duration_ms: duration_ms ?? null,
      file: file ?? null,
      created_at: farm.now(),
      reused_job: reused_from?.job ?? null,
      reused_task: reused_from?.task ?? null,
    })
  }
}

function explainFailure(farm: Farm, task: TaskRecord, failure: FailureReport): void {
  if (task.attempt_id !== null) {
    farm.attempts.explain(task.attempt_id, failure.reason, failure.excerpt)
  }
}
