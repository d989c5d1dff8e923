import type { Db } from '../db/open.ts'

export type OwnersStore = ReturnType<typeof createOwnersStore>

/** Whose jobs are whose, by the names of tokens. */
export function createOwnersStore(db: Db) {
  const insert = db.prepare(
    'INSERT OR IGNORE INTO job_owners (job_id, owner) SELECT id, ? FROM jobs WHERE uuid = ?',
  )
  const ofJob = db.prepare<[string], { owner: string }>(
    'SELECT owner FROM job_owners JOIN jobs ON jobs.id = job_id WHERE uuid = ?',
  )
  const ofTask = db.prepare<[string], { owner: string }>(
    `SELECT owner FROM job_owners o JOIN tasks t ON t.job_id = o.job_id WHERE t.uuid = ?`,
  )
  return {
    set: (jobUuid: string, owner: string) => void insert.run(owner, jobUuid),
    ofJob: (uuid: string) => ofJob.get(uuid)?.owner,
    ofTask: (uuid: string) => ofTask.get(uuid)?.owner,
  }
}
