import type { Farm } from '../farm.ts'
import { noteInLog } from '../lifecycle/log-lines.ts'
import { failTask } from '../tasks/failures.ts'
import { setWorkerStatus } from '../workers/worker-session.ts'

/**
 * A worker that has not been heard of is taken for lost: what it did goes to others. It need not be woken when it
 * comes back. After a start everybody gets the whole time again: while the manager was down, nobody could be heard.
 */
export function giveUpSilentWorkers(farm: Farm, waiting: Iterable<number>): void {
  const { workerTimeoutMs } = farm.config.current
  if (workerTimeoutMs <= 0) return
  farm.transaction(() => {
    for (const id of waiting) farm.workers.seen(id, farm.now())
  })
  for (const worker of farm.workers.silentSince(farm.now() - workerTimeoutMs)) {
    farm.transaction(() => {
      if (worker.status_requested) farm.workers.setRequest(worker.id, null, farm.now())
      setWorkerStatus(farm, worker, 'error', 'was not heard of in time', worker.status)
    })
    farm.log.warn({ worker: worker.uuid, name: worker.name }, 'worker timed out')
  }
}

/** A task nobody reports on counts as failed by its worker, so that another one may try. */
export function giveUpSilentTasks(farm: Farm): void {
  const { taskTimeoutMs } = farm.config.current
  if (taskTimeoutMs <= 0) return
  for (const task of farm.tasks.untouchedSince(farm.now() - taskTimeoutMs)) {
    farm.transaction(() => {
      const worker = farm.workers.byId(task.worker_id!)
      const job = farm.jobs.byId(task.job_id)
      noteInLog(farm, job.uuid, task, `worker ${worker.name} did not report on this task in time`)
      if (task.attempt_id !== null) {
        farm.attempts.explain(task.attempt_id, 'timeout', 'the worker did not report in time')
      }
      failTask(farm, worker, task, 'timed-out')
    })
    farm.log.warn({ task: task.uuid }, 'task timed out')
  }
}

/** At a start: nobody is late yet. */
export function forgiveSilence(farm: Farm): void {
  const now = farm.now()
  farm.transaction(() => {
    farm.db
      .prepare(`UPDATE workers SET last_seen_at = ? WHERE status NOT IN ('error', 'offline')`)
      .run(now)
    farm.db.prepare(`UPDATE tasks SET last_touched_at = ? WHERE status = 'active'`).run(now)
  })
}
