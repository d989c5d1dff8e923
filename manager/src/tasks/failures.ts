import type { AttemptOutcome } from '@shaman-farm/manager-api'
import type { Farm } from '../farm.ts'
import type { JobCore } from '../jobs/jobs-store.ts'
import { changeJobStatus } from '../lifecycle/job-status.ts'
import { noteInLog } from '../lifecycle/log-lines.ts'
import { queuedOrPaused } from '../lifecycle/requeue.ts'
import { changeTaskStatus } from '../lifecycle/task-status.ts'
import type { WorkerRecord } from '../workers/workers-store.ts'
import { decideFailure, type FailureDecision, type FailureFacts } from './failure-rules.ts'
import type { TaskRecord } from './tasks-store.ts'

/** A worker failed a task: another one tries, or the task is given up; the worker may be kept off. */
export function failTask(
  farm: Farm,
  worker: WorkerRecord,
  task: TaskRecord,
  outcome: AttemptOutcome = 'failed',
): void {
  const { raw } = farm.config.current
  const job = farm.jobs.byId(task.job_id)
  farm.tasks.addFailure(task.id, worker.id, farm.now())
  const decision = decideFailure(gatherFacts(farm, worker, job, task), {
    blocklistThreshold: raw.blocklist_threshold,
    softFailCount: raw.task_fail_after_softfail_count,
  })
  if (decision.blockWorker) blockWorker(farm, worker, job, task)
  changeTaskStatus(farm, task, { to: decision.task, reason: decision.explanation, outcome })
  if (decision.failJob) {
    changeJobStatus(farm, job.id, 'failed', `no worker is left for tasks of type ${task.type}`)
  } else if (decision.blockWorker) giveToOthers(farm, worker, job, decision)
}

function gatherFacts(
  farm: Farm,
  worker: WorkerRecord,
  job: JobCore,
  task: TaskRecord,
): FailureFacts {
  const capable = { job: job.id, type: task.type, tag: job.worker_tag_id, except: worker.id }
  return {
    failuresOfWorker: farm.tasks.countFailuresOfWorker(worker.id, job.id, task.type),
    failedWorkers: farm.tasks.countFailedWorkers(task.id),
    otherWorkersForTask: farm.workers.countCapable({ ...capable, task: task.id }),
    otherWorkersForType: farm.workers.countCapable({ ...capable, task: null }),
  }
}

function blockWorker(farm: Farm, worker: WorkerRecord, job: JobCore, task: TaskRecord): void {
  farm.workers.block({ job: job.id, worker: worker.id, type: task.type, now: farm.now() })
  noteInLog(
    farm,
    job.uuid,
    task,
    `worker ${worker.name} gets no more tasks of type ${task.type} of this job`,
  )
  farm.log.warn({ worker: worker.uuid, job: job.uuid, type: task.type }, 'worker blocklisted')
}

/** The fault seems to lie with the worker, so what it failed deserves another chance. */
function giveToOthers(
  farm: Farm,
  worker: WorkerRecord,
  job: JobCore,
  decision: FailureDecision,
): void {
  for (const failed of farm.tasks.failedTasksOfWorker(worker.id, job.id)) {
    const { status } = farm.jobs.byId(job.id)
    if (['failed', 'canceled', 'completed'].includes(status)) return
    if (farm.tasks.countFailedWorkers(failed.id) >= softFailCount(farm)) continue
    changeTaskStatus(farm, farm.tasks.byId(failed.id), {
      to: queuedOrPaused(farm, job.id),
      activity: `requeued: worker ${worker.name} was blocklisted`,
      reason: `worker ${worker.name} was blocklisted: ${decision.explanation}`,
    })
  }
}

function softFailCount(farm: Farm): number {
  return farm.config.current.raw.task_fail_after_softfail_count
}
