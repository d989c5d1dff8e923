import { dateTime } from '../db/times.ts'
import type { Farm } from '../farm.ts'
import { minutes, type Trouble } from './trouble.ts'

/** Tasks whose worker is there and whose program says nothing. */
export function stuckTasks(farm: Farm): Trouble[] {
  const { stuckAfterMs } = farm.config.current
  if (stuckAfterMs <= 0) return []
  const rows = farm.db
    .prepare<
      [number],
      {
        uuid: string
        name: string
        type: string
        last_output_at: number
        job: string
        job_name: string
        worker: string
        worker_name: string
      }
    >(
      `SELECT t.uuid, t.name, t.type, t.last_output_at, j.uuid AS job, j.name AS job_name, w.uuid AS worker,
         w.name AS worker_name
       FROM tasks t JOIN jobs j ON j.id = t.job_id JOIN workers w ON w.id = t.worker_id
       WHERE t.worker_id IS NOT NULL AND t.status = 'active' AND t.last_output_at <= ?`,
    )
    .all(farm.now() - stuckAfterMs)
  return rows.map((row) => ({
    key: `stuck ${row.uuid} ${row.last_output_at}`,
    kind: 'stuck-task',
    severity: 'warning',
    title: `${row.name} has been silent for ${minutes(farm.now() - row.last_output_at)}`,
    detail: `Worker ${row.worker_name} is alive, but its program says nothing.`,
    hint: 'Look at the log; requeue the task if the program hangs.',
    count: 1,
    since: dateTime(row.last_output_at),
    jobs: [{ id: row.job, name: row.job_name }],
    tasks: [{ id: row.uuid, job_id: row.job, name: row.name, type: row.type }],
    workers: [{ id: row.worker, name: row.worker_name }],
  }))
}

/** Task types that are ready in some job while nobody awake or asleep could ever run them. */
export function jobsWithoutWorkers(farm: Farm): Trouble[] {
  const jobs = farm.db
    .prepare<
      [],
      { id: number; uuid: string; name: string; updated_at: number; tag: number | null }
    >(
      `SELECT id, uuid, name, updated_at, worker_tag_id AS tag FROM jobs
        WHERE status IN ('queued', 'active') AND delete_requested_at IS NULL AND n_active = 0
        ORDER BY id LIMIT 200`,
    )
    .all()
  const types = farm.db.prepare<[number], { type: string }>(
    `SELECT DISTINCT type FROM tasks WHERE job_id = ? AND waits_for = 0 AND status IN ('queued', 'soft-failed')`,
  )
  const isRunnable = runnableAsker(farm)
  return jobs.flatMap((job): Trouble[] => {
    const missing = types
      .all(job.id)
      .map(({ type }) => type)
      .filter((type) => !isRunnable(job, type))
    if (missing.length === 0) return []
    return [
      {
        key: `no-eligible-worker ${job.uuid} ${missing.join()}`,
        kind: 'no-eligible-worker',
        severity: 'warning',
        title: `No worker can run ${job.name}`,
        detail: `Its next tasks are of type ${missing.join(', ')}.`,
        hint: "The job's page tells why each worker cannot.",
        count: 1,
        since: dateTime(job.updated_at),
        jobs: [{ id: job.uuid, name: job.name }],
        tasks: [],
        workers: [],
      },
    ]
  })
}

/**
 * Asks once for each type and tag how many workers there are: all jobs times all workers would be much. Only where a job
 * has as many blocked as there are, who they are has to be looked at.
 */
function runnableAsker(
  farm: Farm,
): (job: { id: number; tag: number | null }, type: string) => boolean {
  const anyJob = 0
  const known = new Map<string, number>()
  const blocks = farm.db
    .prepare<[number, string], number>(
      'SELECT count(*) FROM job_blocks WHERE job_id = ? AND task_type = ?',
    )
    .pluck()
  const count = (job: number, type: string, tag: number | null): number =>
    farm.workers.countCapable({ job, type, tag, except: 0, task: null })
  return ({ id, tag }, type) => {
    const key = `${tag} ${type}`
    const able = known.get(key) ?? count(anyJob, type, tag)
    known.set(key, able)
    if (able === 0) return false
    return blocks.get(id, type)! < able || count(id, type, tag) > 0
  }
}
