import type { WorkerStatus } from '@shaman-farm/manager-api'
import type { Db } from '../db/open.ts'

export interface WorkerRecord {
  id: number
  uuid: string
  secret: string
  name: string
  address: string
  platform: string
  software: string
  status: WorkerStatus
  status_requested: WorkerStatus | null
  status_request_is_lazy: 0 | 1
  status_before_error: WorkerStatus | null
  task_types: string
  can_restart: 0 | 1
  last_seen_at: number | null
  update_seq: number
  deleted_at: number | null
  created_at: number
  updated_at: number
}

export interface StatusRequest {
  status: WorkerStatus
  isLazy: boolean
}

export interface Block {
  job: number
  worker: number
  type: string
  now: number
  /** A person said so, rather than the worker's failures. */
  byPerson?: boolean
}

export type WorkersStore = ReturnType<typeof createWorkersStore>

export function createWorkersStore(db: Db) {
  const byUuid = db.prepare<[string], WorkerRecord>(
    'SELECT * FROM workers WHERE uuid = ? AND deleted_at IS NULL',
  )
  const byId = db.prepare<[number], WorkerRecord>('SELECT * FROM workers WHERE id = ?')
  const all = db.prepare<[], WorkerRecord>(
    'SELECT * FROM workers WHERE deleted_at IS NULL ORDER BY name, id',
  )
  const insert = db.prepare(
    `INSERT INTO workers (uuid, secret, name, address, platform, task_types, created_at, updated_at)
     VALUES (@uuid, @secret, @name, @address, @platform, @task_types, @now, @now)`,
  )
  const signOn = db.prepare(
    `UPDATE workers SET status = 'starting', name = @name, address = @address, software = @software,
       task_types = @task_types, can_restart = @can_restart, last_seen_at = @now, updated_at = @now,
       status_before_error = NULL WHERE id = @id`,
  )
  const setStatus = db.prepare(
    `UPDATE workers SET status = @status, status_before_error = @before, updated_at = @now WHERE id = @id`,
  )
  const setRequest = db.prepare(
    `UPDATE workers SET status_requested = @status, status_request_is_lazy = @lazy, updated_at = @now
      WHERE id = @id`,
  )
  const seen = db.prepare('UPDATE workers SET last_seen_at = ? WHERE id = ?')
  const setSecret = db.prepare('UPDATE workers SET secret = ? WHERE id = ?')
  const setSeq = db.prepare('UPDATE workers SET update_seq = ? WHERE id = ?')
  const remove = db.prepare(
    `UPDATE workers SET deleted_at = @now, updated_at = @now, status = 'offline', status_requested = NULL
      WHERE id = @id`,
  )
  const silent = db.prepare<[number], WorkerRecord>(
    `SELECT * FROM workers WHERE deleted_at IS NULL AND status NOT IN ('error', 'offline')
        AND coalesce(last_seen_at, created_at) <= ?`,
  )
  const tagIds = db.prepare<[number], { tag_id: number }>(
    'SELECT tag_id FROM worker_tag_membership WHERE worker_id = ?',
  )
  const isBlocked = db.prepare<[number, number, string], { job_id: number }>(
    'SELECT job_id FROM job_blocks WHERE job_id = ? AND worker_id = ? AND task_type = ?',
  )
  const hasBlocks = db.prepare<[number], { job_id: number }>(
    'SELECT job_id FROM job_blocks WHERE worker_id = ? LIMIT 1',
  )
  const block = db.prepare(
    `INSERT INTO job_blocks (job_id, worker_id, task_type, created_at, by_person)
     VALUES (@job, @worker, @type, @now, @by_person)
     ON CONFLICT DO UPDATE SET by_person = max(by_person, excluded.by_person)`,
  )
  const unblock = db.prepare(
    `DELETE FROM job_blocks WHERE job_id = ? AND task_type = ?
        AND worker_id = (SELECT id FROM workers WHERE uuid = ?)`,
  )
  const clearBlocks = db.prepare('DELETE FROM job_blocks WHERE job_id = ? AND by_person = 0')
  const blocklist = db.prepare<[number], { uuid: string; name: string; task_type: string }>(
    `SELECT w.uuid, w.name, b.task_type FROM job_blocks b JOIN workers w ON w.id = b.worker_id
      WHERE b.job_id = ? ORDER BY w.name, b.task_type`,
  )
  const capable = db.prepare<
    { job: number; type: string; tag: number | null; except: number; task: number | null },
    { n: number }
  >(
    `SELECT count(*) AS n FROM workers w
      WHERE w.deleted_at IS NULL AND w.id <> @except
        AND EXISTS (SELECT 1 FROM json_each(w.task_types) WHERE value = @type)
        AND (@tag IS NULL OR EXISTS
             (SELECT 1 FROM worker_tag_membership m WHERE m.worker_id = w.id AND m.tag_id = @tag))
        AND NOT EXISTS (SELECT 1 FROM job_blocks b
                         WHERE b.job_id = @job AND b.worker_id = w.id AND b.task_type = @type)
        AND (@task IS NULL OR NOT EXISTS
             (SELECT 1 FROM task_failures f WHERE f.task_id = @task AND f.worker_id = w.id))`,
  )

  return {
    byUuid: (uuid: string) => byUuid.get(uuid),
    byId: (id: number) => byId.get(id)!,
    all: () => all.all(),
    insert: (worker: {
      uuid: string
      secret: string
      name: string
      address: string
      platform: string
      task_types: string
      now: number
    }): number => Number(insert.run(worker).lastInsertRowid),
    signOn(
      id: number,
      facts: {
        name: string
        address: string
        software: string
        task_types: string
        can_restart: 0 | 1
        now: number
      },
    ) {
      signOn.run({ id, ...facts })
    },
    setStatus(id: number, status: WorkerStatus, now: number, before: WorkerStatus | null = null) {
      setStatus.run({ id, status, before, now })
    },
    setRequest(id: number, request: StatusRequest | null, now: number) {
      const lazy = request?.isLazy ? 1 : 0
      setRequest.run({ id, status: request?.status ?? null, lazy, now })
    },
    seen: (id: number, now: number) => void seen.run(now, id),
    setSecret: (id: number, secret: string) => void setSecret.run(secret, id),
    setUpdateSeq: (id: number, seq: number) => void setSeq.run(seq, id),
    remove: (id: number, now: number) => void remove.run({ id, now }),
    silentSince: (time: number) => silent.all(time),
    tagIds: (id: number) => new Set(tagIds.all(id).map((row) => row.tag_id)),
    hasBlocks: (id: number) => hasBlocks.get(id) !== undefined,
    isBlocked: (job: number, id: number, type: string) =>
      isBlocked.get(job, id, type) !== undefined,
    /** Keeps a worker off a type of task of a job. */
    block: (entry: Block) => void block.run({ ...entry, by_person: entry.byPerson ? 1 : 0 }),
    unblock: (job: number, workerUuid: string, type: string) =>
      void unblock.run(job, type, workerUuid),
    /** Forgets whom the rules have blocked; whom a person has excluded stays so. */
    clearBlocks: (job: number) => void clearBlocks.run(job),
    blocklist: (job: number) => blocklist.all(job),
    /** Workers that could run a type of task of a job; with `task`, those that have not failed it. */
    countCapable: (query: {
      job: number
      type: string
      tag: number | null
      except: number
      task: number | null
    }) => capable.get(query)!.n,
  }
}
