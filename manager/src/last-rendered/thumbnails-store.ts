import type { Db } from '../db/open.ts'

export interface FrameThumbnail {
  frame: number
  sha: string
  /** What the frame looked like before it was rendered again. */
  previous_sha: string | null
}

export interface NewPicture {
  job: number
  /** Digest of the job's newest picture. */
  newest: string
  /** Digest of the same picture as its frame's, where it is known which frame that is. */
  framed: { frame: number; sha: string } | undefined
  now: number
}

export type ThumbnailsStore = ReturnType<typeof createThumbnailsStore>

/** Which pictures belong to which frames of a job, by the digests their files are named by. */
export function createThumbnailsStore(db: Db, framesPerJob: number) {
  // The same picture sent twice leaves the one before it in place.
  const putFrame = db.prepare(
    `INSERT INTO thumbnails (job_id, frame, sha, created_at) VALUES (@job, @frame, @sha, @now)
     ON CONFLICT (job_id, frame) DO UPDATE SET created_at = @now, sha = @sha,
       previous_sha = iif(sha = @sha, previous_sha, sha)`,
  )
  const putNewest = db.prepare(
    `INSERT INTO newest_thumbnails VALUES (@job, @sha)
     ON CONFLICT (job_id) DO UPDATE SET sha = @sha`,
  )
  const trim = db.prepare<{ job: number; keep: number }, Omit<FrameThumbnail, 'frame'>>(
    `DELETE FROM thumbnails WHERE job_id = @job AND frame IN
       (SELECT frame FROM thumbnails WHERE job_id = @job ORDER BY created_at DESC LIMIT -1 OFFSET @keep)
     RETURNING sha, previous_sha`,
  )
  const ofFrame = db.prepare<{ job: number; frame: number }, Omit<FrameThumbnail, 'frame'>>(
    'SELECT sha, previous_sha FROM thumbnails WHERE job_id = @job AND frame = @frame',
  )
  const isNamed = db.prepare(
    `SELECT 1 FROM thumbnails WHERE job_id = @job AND @sha IN (sha, previous_sha)
     UNION ALL SELECT 1 FROM newest_thumbnails WHERE job_id = @job AND sha = @sha LIMIT 1`,
  )
  const ofFrames = db.prepare<[number], FrameThumbnail>(
    'SELECT frame, sha, previous_sha FROM thumbnails WHERE job_id = ? ORDER BY created_at DESC, frame DESC',
  )
  const newestOf = db
    .prepare<[number], string>('SELECT sha FROM newest_thumbnails WHERE job_id = ?')
    .pluck()

  return {
    /** Gives the digests that nothing of the job names any more. */
    put({ job, newest, framed, now }: NewPicture): string[] {
      const replaced = new Set<string | null | undefined>()
      const newestBefore = newestOf.get(job)
      putNewest.run({ job, sha: newest })
      if (framed) {
        const before = ofFrame.get({ job, frame: framed.frame })
        putFrame.run({ job, ...framed, now })
        for (const one of [before, ...trim.all({ job, keep: framesPerJob })]) {
          replaced.add(one?.sha).add(one?.previous_sha)
        }
      }
      replaced.add(newestBefore)
      return [...replaced].filter((sha) => sha != null && !isNamed.get({ job, sha })) as string[]
    },
    ofFrames: (job: number) => ofFrames.all(job),
    newest: (job: number) => newestOf.get(job),
  }
}
