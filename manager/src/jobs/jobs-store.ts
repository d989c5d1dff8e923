import type { JobStatus, TaskStatus } from '@shaman-farm/manager-api'
import type { Db } from '../db/open.ts'
import type { TaskTally } from './job-rules.ts'

/** A job without what its submitter wrote, which can be long and is not needed to run it. */
export interface JobCore {
  id: number
  uuid: string
  name: string
  job_type: string
  priority: number
  status: JobStatus
  activity: string
  shaman_checkout_id: string
  worker_tag_id: number | null
  steps_completed: number
  steps_total: number
  n_active: number
  n_canceled: number
  n_completed: number
  n_failed: number
  n_queued: number
  n_soft_failed: number
  n_paused: number
  delete_requested_at: number | null
  started_at: number | null
  finished_at: number | null
  /** When its input was given up. */
  archived_at: number | null
  created_at: number
  updated_at: number
}

export interface JobRecord extends JobCore {
  settings: string
  metadata: string
}

export type NewJob = Pick<
  JobRecord,
  | 'uuid'
  | 'name'
  | 'job_type'
  | 'priority'
  | 'settings'
  | 'metadata'
  | 'shaman_checkout_id'
  | 'worker_tag_id'
  | 'created_at'
>

const columnOf: Readonly<Record<TaskStatus, keyof JobCore>> = {
  active: 'n_active',
  canceled: 'n_canceled',
  completed: 'n_completed',
  failed: 'n_failed',
  queued: 'n_queued',
  'soft-failed': 'n_soft_failed',
  paused: 'n_paused',
}

export function tallyOf(job: JobCore): TaskTally {
  return {
    active: job.n_active,
    canceled: job.n_canceled,
    completed: job.n_completed,
    failed: job.n_failed,
    queued: job.n_queued,
    'soft-failed': job.n_soft_failed,
    paused: job.n_paused,
  }
}

export type JobsStore = ReturnType<typeof createJobsStore>

export function createJobsStore(db: Db) {
  const byUuid = db.prepare<[string], JobRecord>('SELECT * FROM jobs WHERE uuid = ?')
  const byId = db.prepare<[number], JobCore>(
    `SELECT id, uuid, name, job_type, priority, status, activity, shaman_checkout_id, worker_tag_id,
       steps_completed, steps_total, n_active, n_canceled, n_completed, n_failed, n_queued,
       n_soft_failed, n_paused, delete_requested_at, started_at, finished_at, archived_at, created_at,
       updated_at
     FROM jobs WHERE id = ?`,
  )
  const all = db.prepare<[], JobRecord>('SELECT * FROM jobs ORDER BY id')
  const byStatus = db.prepare<[string], JobRecord>(
    'SELECT * FROM jobs WHERE status = ? ORDER BY id',
  )
  const schedulable = db.prepare<[], Pick<JobRecord, 'id' | 'worker_tag_id'>>(
    `SELECT id, worker_tag_id FROM jobs
      WHERE status IN ('active', 'queued') AND delete_requested_at IS NULL
      ORDER BY priority DESC, id`,
  )
  const insert = db.prepare(
    `INSERT INTO jobs (uuid, name, job_type, priority, status, settings, metadata, shaman_checkout_id,
                       worker_tag_id, created_at, updated_at)
     VALUES (@uuid, @name, @job_type, @priority, 'under-construction', @settings, @metadata,
             @shaman_checkout_id, @worker_tag_id, @created_at, @created_at)`,
  )
  const complete = db.prepare(
    `UPDATE jobs SET settings = @settings, metadata = @metadata, n_queued = @queued, n_paused = @paused,
       steps_total = @steps
      WHERE id = @id`,
  )
  const setStatus = db.prepare(
    `UPDATE jobs SET status = @status, activity = @activity, updated_at = @now,
       started_at = CASE WHEN @status = 'active' THEN coalesce(started_at, @now) ELSE started_at END,
       finished_at = CASE WHEN @status IN ('completed', 'failed', 'canceled') THEN @now
                          WHEN @status = 'requeueing' THEN NULL ELSE finished_at END
     WHERE id = @id`,
  )
  const setPriority = db.prepare('UPDATE jobs SET priority = ?, updated_at = ? WHERE id = ?')
  const setTag = db.prepare('UPDATE jobs SET worker_tag_id = ?, updated_at = ? WHERE id = ?')
  const requestDelete = db.prepare(
    `UPDATE jobs SET delete_requested_at = @now, updated_at = @now
      WHERE id = @id AND delete_requested_at IS NULL`,
  )
  const deletable = db.prepare<[], JobRecord>(
    'SELECT * FROM jobs WHERE delete_requested_at IS NOT NULL ORDER BY id',
  )
  const olderThan = db.prepare<[number], JobRecord>(
    'SELECT * FROM jobs WHERE updated_at <= ? AND delete_requested_at IS NULL ORDER BY id',
  )
  const archive = db.prepare('UPDATE jobs SET archived_at = @now, updated_at = @now WHERE id = @id')
  const finishedUntil = db.prepare<[number], JobRecord>(
    `SELECT * FROM jobs WHERE status IN ('completed', 'canceled', 'failed') AND archived_at IS NULL
        AND delete_requested_at IS NULL AND finished_at <= ? ORDER BY id LIMIT 1000`,
  )
  const archivedWithCheckout = db.prepare<[], JobRecord>(
    `SELECT * FROM jobs WHERE archived_at IS NOT NULL AND shaman_checkout_id <> '' ORDER BY id`,
  )
  const remove = db.prepare('DELETE FROM jobs WHERE id = ?')
  const removeFrames = db.prepare('DELETE FROM attempt_frames WHERE job_id = ?')
  const sharing = db.prepare<[string, number], { n: number }>(
    'SELECT count(*) AS n FROM jobs WHERE shaman_checkout_id = ? AND id <> ? AND archived_at IS NULL',
  )
  const ofCheckout = db.prepare<[string], { id: number }>(
    'SELECT id FROM jobs WHERE shaman_checkout_id = ? AND archived_at IS NULL',
  )
  const addSteps = db.prepare(
    'UPDATE jobs SET steps_completed = steps_completed + ?, updated_at = ? WHERE id = ?',
  )
  const recount = db.prepare(
    `UPDATE jobs SET
       n_active = c.active, n_canceled = c.canceled, n_completed = c.completed, n_failed = c.failed,
       n_queued = c.queued, n_soft_failed = c.soft_failed, n_paused = c.paused,
       steps_completed = c.steps_completed, steps_total = c.steps_total
     FROM (SELECT
       count(*) FILTER (WHERE status = 'active') AS active,
       count(*) FILTER (WHERE status = 'canceled') AS canceled,
       count(*) FILTER (WHERE status = 'completed') AS completed,
       count(*) FILTER (WHERE status = 'failed') AS failed,
       count(*) FILTER (WHERE status = 'queued') AS queued,
       count(*) FILTER (WHERE status = 'soft-failed') AS soft_failed,
       count(*) FILTER (WHERE status = 'paused') AS paused,
       coalesce(sum(steps_completed), 0) AS steps_completed,
       coalesce(sum(steps_total), 0) AS steps_total
       FROM tasks WHERE job_id = @id) AS c
     WHERE id = @id`,
  )
  const moves = new Map<string, ReturnType<typeof db.prepare>>()
  const move = (from: TaskStatus, to: TaskStatus) => {
    const key = `${from}>${to}`
    let statement = moves.get(key)
    if (!statement) {
      statement = db.prepare(
        `UPDATE jobs SET ${columnOf[from]} = ${columnOf[from]} - 1, ${columnOf[to]} = ${columnOf[to]} + 1,
           steps_completed = steps_completed + @steps, updated_at = @now WHERE id = @id`,
      )
      moves.set(key, statement)
    }
    return statement
  }

  return {
    byUuid: (uuid: string) => byUuid.get(uuid),
    byId: (id: number) => byId.get(id)!,
    all: () => all.all(),
    byStatus: (status: JobStatus) => byStatus.all(status),
    /** In the order in which their tasks are to be handed out. */
    schedulable: () => schedulable.all(),
    insert: (job: NewJob): number => Number(insert.run(job).lastInsertRowid),
    /** What is only known when all of a new job's tasks are stored. Counting them would take 50 ms for 100,000. */
    complete(
      id: number,
      facts: { settings: string; metadata: string; queued: number; paused: number; steps: number },
    ): void {
      complete.run({ id, ...facts })
    },
    setStatus(id: number, status: JobStatus, activity: string, now: number): void {
      setStatus.run({ id, status, activity, now })
    },
    setPriority: (id: number, priority: number, now: number) =>
      void setPriority.run(priority, now, id),
    setTag: (id: number, tag: number | null, now: number) => void setTag.run(tag, now, id),
    requestDelete: (id: number, now: number) => void requestDelete.run({ id, now }),
    awaitingDeletion: () => deletable.all(),
    updatedUntil: (time: number) => olderThan.all(time),
    remove(id: number): void {
      removeFrames.run(id)
      remove.run(id)
    },
    archive: (id: number, now: number) => void archive.run({ id, now }),
    finishedUntil: (time: number) => finishedUntil.all(time),
    archivedWithCheckout: () => archivedWithCheckout.all(),
    /** How many other jobs need the same checkout. */
    sharesCheckout: (job: JobCore) => sharing.get(job.shaman_checkout_id, job.id)!.n,
    /** All jobs that need a checkout. */
    ofCheckout: (checkout: string) => ofCheckout.all(checkout).map(({ id }) => id),
    addSteps: (id: number, steps: number, now: number) => void addSteps.run(steps, now, id),
    /** One task went from one status to another; `steps` is what that adds to the job's. */
    countMove(id: number, from: TaskStatus, to: TaskStatus, steps: number, now: number): void {
      move(from, to).run({ id, steps, now })
    },
    /** Counts afresh, after many tasks changed at once. */
    recount: (id: number) => void recount.run({ id }),
  }
}
