import type { TaskStatus } from '@shaman-farm/manager-api'
import type { Db } from '../db/open.ts'

export interface TaskRecord {
  id: number
  uuid: string
  job_id: number
  index_in_job: number
  name: string
  type: string
  priority: number
  status: TaskStatus
  waits_for: number
  worker_id: number | null
  attempt_id: number | null
  activity: string
  steps_completed: number
  steps_total: number
  frames: string
  commands: string
  log_size: number
  last_touched_at: number | null
  last_output_at: number | null
  created_at: number
  updated_at: number
}

export interface NewTask {
  uuid: string
  job_id: number
  index_in_job: number
  name: string
  type: string
  priority: number
  /** Those of a job that is submitted as paused are so from the start. */
  status: 'queued' | 'paused'
  commands: string
  steps_total: number
  frames: string
  waits_for: number
  now: number
}

/** A task with the worker that has it, or had it last. */
export interface TaskWithWorker extends TaskRecord {
  worker_uuid: string | null
  worker_name: string | null
  worker_address: string | null
}

const withWorker = `SELECT t.*, w.uuid AS worker_uuid, w.name AS worker_name, w.address AS worker_address
  FROM tasks t LEFT JOIN workers w ON w.id = t.worker_id`

/*
 * A parameter beside a partial index and an ORDER BY makes SQLite prepare the statement anew for every value, which
 * costs ten times what running it does; `+?` is no bare parameter to it, and finds the same rows by the same index.
 */
const readyNow = `waits_for = 0 AND status IN ('queued', 'soft-failed')`

export type TasksStore = ReturnType<typeof createTasksStore>

export function createTasksStore(db: Db) {
  const byUuid = db.prepare<[string], TaskRecord>('SELECT * FROM tasks WHERE uuid = ?')
  const byId = db.prepare<[number], TaskRecord>('SELECT * FROM tasks WHERE id = ?')
  const detailByUuid = db.prepare<[string], TaskWithWorker>(`${withWorker} WHERE t.uuid = ?`)
  const ofJob = db.prepare<[number], TaskWithWorker>(
    `${withWorker} WHERE t.job_id = ? ORDER BY t.index_in_job`,
  )
  const lastOfWorker = db.prepare<[number], TaskRecord & { job_uuid: string }>(
    `SELECT t.*, j.uuid AS job_uuid FROM attempts a JOIN tasks t ON t.id = a.task_id
       JOIN jobs j ON j.id = t.job_id WHERE a.worker_id = ? ORDER BY a.started_at DESC, a.id DESC LIMIT 1`,
  )
  const activeOfWorker = db.prepare<[number], TaskRecord>(
    `SELECT * FROM tasks WHERE worker_id = +? AND status = 'active' ORDER BY id`,
  )
  const activeOfJob = db.prepare<[number], TaskRecord>(
    `SELECT * FROM tasks WHERE job_id = +? AND status = 'active' ORDER BY id`,
  )
  const insert = db.prepare(
    `INSERT INTO tasks (uuid, job_id, index_in_job, name, type, priority, status, commands, steps_total, frames,
                        waits_for, created_at, updated_at)
     VALUES (@uuid, @job_id, @index_in_job, @name, @type, @priority, @status, @commands, @steps_total, @frames,
             @waits_for, @now, @now)`,
  )
  const removeSome = db.prepare(
    'DELETE FROM tasks WHERE id IN (SELECT id FROM tasks WHERE job_id = ? LIMIT ?)',
  )
  const insertDependency = db.prepare('INSERT OR IGNORE INTO task_dependencies VALUES (?, ?)')
  const countWaits = db.prepare(
    `UPDATE tasks SET waits_for = (
       SELECT count(*) FROM task_dependencies d JOIN tasks t ON t.id = d.dependency_id
        WHERE d.task_id = tasks.id AND t.status <> 'completed')
     WHERE job_id = ? AND id IN (SELECT task_id FROM task_dependencies)`,
  )
  const setStatus = db.prepare(
    `UPDATE tasks SET status = @status, activity = @activity, steps_completed = @steps, updated_at = @now
      WHERE id = @id`,
  )
  const assign = db.prepare(
    `UPDATE tasks SET status = 'active', worker_id = @worker, attempt_id = @attempt, steps_completed = 0,
       activity = '', last_touched_at = @now, last_output_at = @now, updated_at = @now WHERE id = @id`,
  )
  const massChanges = new Map<string, ReturnType<typeof db.prepare>>()
  // The statuses are spelled out: as parameters they cost a third more, and this holds up every request.
  const massChange = (from: readonly TaskStatus[], to: TaskStatus) => {
    const key = `${from.join()}>${to}`
    let statement = massChanges.get(key)
    if (!statement) {
      statement = db.prepare(
        `UPDATE tasks SET status = '${to}', activity = @activity, updated_at = @now
           ${to === 'queued' ? ', steps_completed = 0' : ''}
         WHERE job_id = @job AND status IN (${from.map((status) => `'${status}'`).join()})`,
      )
      massChanges.set(key, statement)
    }
    return statement
  }
  const progress = db.prepare(
    `UPDATE tasks SET activity = @activity, steps_completed = @steps, last_touched_at = @now,
       last_output_at = @output, updated_at = @now WHERE id = @id`,
  )
  const touch = db.prepare('UPDATE tasks SET last_touched_at = ? WHERE id = ?')
  const setLogSize = db.prepare('UPDATE tasks SET log_size = ? WHERE id = ?')
  const releaseDependents = db.prepare(
    `UPDATE tasks SET waits_for = waits_for + ?
      WHERE id IN (SELECT task_id FROM task_dependencies WHERE dependency_id = ?)`,
  )
  const neededBy = db.prepare<[number], TaskRecord>(
    `WITH RECURSIVE needed (id) AS (
       SELECT dependency_id FROM task_dependencies WHERE task_id = ?
       UNION SELECT d.dependency_id FROM task_dependencies d JOIN needed n ON d.task_id = n.id)
     SELECT t.* FROM tasks t JOIN needed USING (id) WHERE t.status IN ('canceled', 'failed')
      ORDER BY t.index_in_job`,
  )
  const pick = db.prepare<[number, string, number], TaskRecord>(
    `SELECT * FROM tasks WHERE job_id = +? AND type = +? AND ${readyNow}
        AND NOT EXISTS (SELECT 1 FROM task_failures f WHERE f.task_id = tasks.id AND f.worker_id = +?)
      ORDER BY priority DESC, index_in_job LIMIT 1`,
  )
  const anyReadyOfType = db.prepare<[number, string], { id: number }>(
    `SELECT id FROM tasks WHERE job_id = ? AND type = ? AND ${readyNow} LIMIT 1`,
  )
  const anyReady = db.prepare<[number], { id: number }>(
    `SELECT id FROM tasks WHERE job_id = ? AND ${readyNow} LIMIT 1`,
  )
  const timedOut = db.prepare<[number], TaskRecord>(
    `SELECT * FROM tasks WHERE status = 'active' AND worker_id IS NOT NULL AND last_touched_at <= ?`,
  )
  const failed = db.prepare('INSERT OR IGNORE INTO task_failures VALUES (?, ?, ?)')
  const failedBy = db.prepare<[number], { uuid: string; name: string; address: string }>(
    `SELECT w.uuid, w.name, w.address FROM task_failures f JOIN workers w ON w.id = f.worker_id
      WHERE f.task_id = ? ORDER BY f.created_at`,
  )
  const failedWorkers = db.prepare<[number], { n: number }>(
    'SELECT count(*) AS n FROM task_failures WHERE task_id = ?',
  )
  const failuresOfWorker = db.prepare<[number, number, string], { n: number }>(
    `SELECT count(*) AS n FROM task_failures f JOIN tasks t ON t.id = f.task_id
      WHERE f.worker_id = ? AND t.job_id = ? AND t.type = ?`,
  )
  const failedOfWorker = db.prepare<[number, number], TaskRecord>(
    `SELECT t.* FROM task_failures f JOIN tasks t ON t.id = f.task_id
      WHERE f.worker_id = ? AND t.job_id = ? AND t.status = 'failed'`,
  )
  const clearFailures = db.prepare('DELETE FROM task_failures WHERE task_id = ?')
  const clearFailuresOfJob = db.prepare(
    'DELETE FROM task_failures WHERE task_id IN (SELECT id FROM tasks WHERE job_id = ?)',
  )

  return {
    byUuid: (uuid: string) => byUuid.get(uuid),
    byId: (id: number) => byId.get(id)!,
    detail: (uuid: string) => detailByUuid.get(uuid),
    ofJob: (job: number) => ofJob.all(job),
    lastOfWorker: (worker: number) => lastOfWorker.get(worker),
    activeOfWorker: (worker: number) => activeOfWorker.all(worker),
    activeOfJob: (job: number) => activeOfJob.all(job),
    insert: (task: NewTask): number => Number(insert.run(task).lastInsertRowid),
    /** @returns how many of a job's tasks it has removed */
    removeSome: (job: number, most: number): number => removeSome.run(job, most).changes,
    insertDependency: (task: number, dependency: number) =>
      void insertDependency.run(task, dependency),
    /** Counts afresh what each task of a job waits for. */
    countWaits: (job: number) => void countWaits.run(job),
    setStatus(
      id: number,
      change: { status: TaskStatus; activity: string; steps: number; now: number },
    ) {
      setStatus.run({ id, ...change })
    },
    assign: (id: number, worker: number, attempt: number, now: number) =>
      void assign.run({ id, worker, attempt, now }),
    changeAll(
      job: number,
      {
        from,
        to,
        ...change
      }: { from: readonly TaskStatus[]; to: TaskStatus; activity: string; now: number },
    ): number {
      return massChange(from, to).run({ job, ...change }).changes
    },
    progress(
      id: number,
      change: { activity: string; steps: number; output: number | null; now: number },
    ) {
      progress.run({ id, ...change })
    },
    touch: (id: number, now: number) => void touch.run(now, id),
    setLogSize: (id: number, size: number) => void setLogSize.run(size, id),
    /** A task was completed (-1) or is to be done again (+1): those that depend on it wait for fewer, or more. */
    changeWaits: (id: number, by: 1 | -1): number => releaseDependents.run(by, id).changes,
    /** The canceled and failed tasks that a task cannot be run without. */
    givenUpBefore: (id: number) => neededBy.all(id),
    /** The next task of a type that this worker may have. */
    pick: (job: number, type: string, worker: number) => pick.get(job, type, worker),
    hasReady: (job: number, type?: string): boolean =>
      (type === undefined ? anyReady.get(job) : anyReadyOfType.get(job, type)) !== undefined,
    untouchedSince: (time: number) => timedOut.all(time),
    addFailure: (task: number, worker: number, now: number) => void failed.run(task, worker, now),
    failedBy: (task: number) => failedBy.all(task),
    countFailedWorkers: (task: number) => failedWorkers.get(task)!.n,
    countFailuresOfWorker: (worker: number, job: number, type: string) =>
      failuresOfWorker.get(worker, job, type)!.n,
    failedTasksOfWorker: (worker: number, job: number) => failedOfWorker.all(worker, job),
    clearFailures: (task: number) => void clearFailures.run(task),
    clearFailuresOfJob: (job: number) => void clearFailuresOfJob.run(job),
  }
}
