import type { Db } from '../db/open.ts'

export interface TagRecord {
  id: number
  uuid: string
  name: string
  description: string
}

export type TagsStore = ReturnType<typeof createTagsStore>

export function createTagsStore(db: Db) {
  const all = db.prepare<[], TagRecord>('SELECT * FROM worker_tags ORDER BY name')
  const byUuid = db.prepare<[string], TagRecord>('SELECT * FROM worker_tags WHERE uuid = ?')
  const byId = db.prepare<[number], TagRecord>('SELECT * FROM worker_tags WHERE id = ?')
  const byName = db.prepare<[string], TagRecord>('SELECT * FROM worker_tags WHERE name = ?')
  const ofWorker = db.prepare<[number], TagRecord>(
    `SELECT t.* FROM worker_tags t JOIN worker_tag_membership m ON m.tag_id = t.id
      WHERE m.worker_id = ? ORDER BY t.name`,
  )
  const insert = db.prepare(
    `INSERT INTO worker_tags (uuid, name, description, created_at, updated_at)
     VALUES (@uuid, @name, @description, @now, @now)`,
  )
  const update = db.prepare(
    'UPDATE worker_tags SET name = @name, description = @description, updated_at = @now WHERE id = @id',
  )
  const remove = db.prepare('DELETE FROM worker_tags WHERE id = ?')
  const leaveAll = db.prepare('DELETE FROM worker_tag_membership WHERE worker_id = ?')
  const join = db.prepare(
    `INSERT OR IGNORE INTO worker_tag_membership SELECT ?, id FROM worker_tags WHERE uuid = ?`,
  )
  return {
    all: () => all.all(),
    byUuid: (uuid: string) => byUuid.get(uuid),
    byId: (id: number) => byId.get(id),
    byName: (name: string) => byName.get(name),
    ofWorker: (worker: number) => ofWorker.all(worker),
    insert: (tag: { uuid: string; name: string; description: string; now: number }) =>
      void insert.run(tag),
    update: (id: number, tag: { name: string; description: string; now: number }) =>
      void update.run({ id, ...tag }),
    remove: (id: number) => void remove.run(id),
    /** Replaces the set; tags that are not there are passed over. */
    assign(worker: number, uuids: readonly string[]): void {
      leaveAll.run(worker)
      for (const uuid of uuids) join.run(worker, uuid)
    },
  }
}
