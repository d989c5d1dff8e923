import type { Digest } from '@shaman-farm/shaman'
import type { Db } from '../db/open.ts'

/** A file a task has made. */
export interface OutputRecord extends Digest {
  job_id: number
  path: string
  frame: number | null
  task_id: number
}

/** A frame that may be taken instead of rendering it again. */
export interface ReusableFrame extends Digest {
  /** SHA-256 of all that decides what it looks like. */
  key: string
  path: string
  job_uuid: string
  task_uuid: string
}

export interface OutputsStore {
  put(output: OutputRecord, now: number): void
  ofJob(jobId: number): OutputRecord[]
  /** Whether the job's submitter agreed to frames that were rendered before. */
  wantsReuse(jobId: number): boolean
  putReusable(frame: ReusableFrame, now: number): void
  reusable(key: string): ReusableFrame | undefined
  forgetReusable(key: string): void
}

const keptReusable = 500_000

export function createOutputsStore(db: Db): OutputsStore {
  const put = db.prepare(
    `INSERT INTO job_outputs VALUES (@job_id, @path, @sha, @size, @frame, @task_id, @now)
     ON CONFLICT (job_id, path) DO UPDATE
     SET sha = @sha, size = @size, frame = @frame, task_id = @task_id, created_at = @now`,
  )
  const ofJob = db.prepare<[number], OutputRecord>(
    'SELECT job_id, path, sha, size, frame, task_id FROM job_outputs WHERE job_id = ? ORDER BY path',
  )
  const wantsReuse = db.prepare<[number], { wish: unknown }>(
    `SELECT json_extract(metadata, '$."farm.reuse"') AS wish FROM jobs WHERE id = ?`,
  )
  const putReusable = db.prepare(
    `INSERT OR REPLACE INTO reusable_frames
     VALUES (@key, @sha, @size, @path, @job_uuid, @task_uuid, @now)`,
  )
  const countReusable = db.prepare<[], { n: number }>('SELECT count(*) AS n FROM reusable_frames')
  const forgetOldest = db.prepare(
    `DELETE FROM reusable_frames WHERE key IN
       (SELECT key FROM reusable_frames ORDER BY created_at LIMIT ?)`,
  )
  const reusable = db.prepare<[string], ReusableFrame>(
    'SELECT key, sha, size, path, job_uuid, task_uuid FROM reusable_frames WHERE key = ?',
  )
  const forget = db.prepare('DELETE FROM reusable_frames WHERE key = ?')
  let count: number | undefined

  return {
    put: (output, now) => void put.run({ ...output, now }),
    ofJob: (jobId) => ofJob.all(jobId),
    wantsReuse: (jobId) => wantsReuse.get(jobId)?.wish === 'yes',
    putReusable(frame, now) {
      putReusable.run({ ...frame, now })
      // Counting half a million rows for each frame would cost more than the frame.
      count = (count ?? countReusable.get()!.n) + 1
      if (count <= keptReusable) return
      forgetOldest.run(keptReusable / 100)
      count = undefined
    },
    reusable: (key) => reusable.get(key),
    forgetReusable: (key) => void forget.run(key),
  }
}
