import type { Digest } from '@shaman-farm/shaman'
import type { Db } from '../db/open.ts'

/** A file a task has made. */
export interface OutputRecord extends Digest {
  job_id: number
  path: string
  frame: number | null
  task_id: number
}

export interface OutputsStore {
  put(output: OutputRecord, now: number): void
  ofJob(jobId: number): OutputRecord[]
}

export function createOutputsStore(db: Db): OutputsStore {
  const put = db.prepare(
    `INSERT INTO job_outputs VALUES (@job_id, @path, @sha, @size, @frame, @task_id, @now)
     ON CONFLICT (job_id, path) DO UPDATE
     SET sha = @sha, size = @size, frame = @frame, task_id = @task_id, created_at = @now`,
  )
  const ofJob = db.prepare<[number], OutputRecord>(
    'SELECT job_id, path, sha, size, frame, task_id FROM job_outputs WHERE job_id = ? ORDER BY path',
  )
  return {
    put: (output, now) => void put.run({ ...output, now }),
    ofJob: (jobId) => ofJob.all(jobId),
  }
}
