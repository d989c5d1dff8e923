import type { AttemptOutcome, FailureReason, TaskStatus } from '@shaman-farm/manager-api'
import type { Db } from '../db/open.ts'

export interface AttemptRecord {
  id: number
  uuid: string
  job_id: number
  task_id: number
  worker_id: number | null
  started_at: number
  ended_at: number | null
  outcome: AttemptOutcome | null
  reason: FailureReason | null
  excerpt: string | null
  log_start: number
  log_end: number | null
}

export interface AttemptDetail extends AttemptRecord {
  task_uuid: string
  task_name: string
  task_status: TaskStatus
  job_uuid: string
  worker_uuid: string | null
  worker_name: string | null
  worker_address: string | null
}

export interface FrameRecord {
  attempt_id: number
  frame: number
  job_id: number
  task_id: number
  status: 'completed' | 'skipped'
  duration_ms: number | null
  file: string | null
  created_at: number
  /** The job and task whose frame was taken instead of rendering it again. */
  reused_job: string | null
  reused_task: string | null
}

const detail = `SELECT a.*, t.uuid AS task_uuid, t.name AS task_name, t.status AS task_status, j.uuid AS job_uuid,
    w.uuid AS worker_uuid, w.name AS worker_name, w.address AS worker_address
  FROM attempts a JOIN tasks t ON t.id = a.task_id JOIN jobs j ON j.id = a.job_id
  LEFT JOIN workers w ON w.id = a.worker_id`

export type AttemptsStore = ReturnType<typeof createAttemptsStore>

export function createAttemptsStore(db: Db) {
  const insert = db.prepare(
    `INSERT INTO attempts (uuid, job_id, task_id, worker_id, started_at, log_start)
     VALUES (@uuid, @job_id, @task_id, @worker_id, @started_at, @log_start)`,
  )
  const byId = db.prepare<[number], AttemptRecord>('SELECT * FROM attempts WHERE id = ?')
  const end = db.prepare(
    `UPDATE attempts SET ended_at = @now, outcome = @outcome, log_end = @logEnd WHERE id = @id AND ended_at IS NULL`,
  )
  const endOfJob = db.prepare(
    `UPDATE attempts SET ended_at = @now, outcome = @outcome,
       log_end = (SELECT log_size FROM tasks WHERE tasks.id = attempts.task_id)
     WHERE job_id = @job AND ended_at IS NULL`,
  )
  const explain = db.prepare('UPDATE attempts SET reason = ?, excerpt = ? WHERE id = ?')
  const addFrame = db.prepare(
    `INSERT OR REPLACE INTO attempt_frames
     VALUES (@attempt_id, @frame, @job_id, @task_id, @status, @duration_ms, @file, @created_at,
             @reused_job, @reused_task)`,
  )
  const ofTask = db.prepare<[number], AttemptDetail>(
    `${detail} WHERE a.task_id = ? ORDER BY a.id DESC LIMIT 1000`,
  )
  const countOfTask = db.prepare<[number], { n: number }>(
    'SELECT count(*) AS n FROM attempts WHERE task_id = ?',
  )
  const ofJob = db.prepare<[number, number, number], AttemptDetail>(
    `${detail} WHERE a.job_id = ? ORDER BY a.id DESC LIMIT ? OFFSET ?`,
  )
  const ofWorker = db.prepare<[number, number, number, number], AttemptDetail>(
    `${detail} WHERE a.worker_id = ? AND a.started_at <= ? AND coalesce(a.ended_at, 9e15) >= ?
      ORDER BY a.started_at DESC LIMIT ?`,
  )
  // By worker, as the index is; what nobody runs any more did no work either.
  const ends = db.prepare<[number], { ended_at: number; outcome: AttemptOutcome | null }>(
    `SELECT ended_at, outcome FROM attempts
      WHERE worker_id IN (SELECT id FROM workers) AND started_at >= ? AND ended_at IS NOT NULL`,
  )
  const frames = db.prepare<[number], FrameRecord>(
    'SELECT * FROM attempt_frames WHERE attempt_id = ? ORDER BY frame',
  )
  const framesOfJob = db.prepare<[number], FrameRecord>(
    'SELECT * FROM attempt_frames WHERE job_id = ? ORDER BY frame, created_at, attempt_id',
  )
  const durations = db.prepare<[number], { duration_ms: number }>(
    `SELECT duration_ms FROM attempt_frames WHERE job_id = ? AND status = 'completed' AND duration_ms IS NOT NULL
      ORDER BY created_at DESC LIMIT 500`,
  )

  return {
    insert: (
      attempt: Pick<
        AttemptRecord,
        'uuid' | 'job_id' | 'task_id' | 'worker_id' | 'started_at' | 'log_start'
      >,
    ): number => Number(insert.run(attempt).lastInsertRowid),
    byId: (id: number) => byId.get(id),
    end: (id: number, outcome: AttemptOutcome, logEnd: number, now: number) =>
      void end.run({ id, outcome, logEnd, now }),
    endOfJob: (job: number, outcome: AttemptOutcome, now: number) =>
      void endOfJob.run({ job, outcome, now }),
    explain: (id: number, reason: FailureReason, excerpt: string) =>
      void explain.run(reason, excerpt, id),
    addFrame: (frame: FrameRecord) => void addFrame.run(frame),
    ofTask: (task: number) => ofTask.all(task),
    countOfTask: (task: number) => countOfTask.get(task)!.n,
    ofJob: (job: number, limit: number, offset: number) => ofJob.all(job, limit, offset),
    ofWorker: (worker: number, from: number, to: number, limit: number) =>
      ofWorker.all(worker, to, from, limit),
    /** How attempts ended that began since then. */
    endsSince: (time: number) => ends.iterate(time),
    frames: (attempt: number) => frames.all(attempt),
    framesOfJob: (job: number) => framesOfJob.all(job),
    /** Of the latest frames rendered for a job. */
    frameDurations: (job: number) => durations.all(job).map((row) => row.duration_ms),
  }
}
