import type { NotificationKind } from '@shaman-farm/manager-api'
import type { Db } from '../db/open.ts'
import type { Notice } from './notice.ts'

export interface NotificationRecord {
  id: number
  at: number
  kind: NotificationKind
  title: string
  detail: string
  job_uuid: string | null
  worker_uuid: string | null
}

export interface WebhookRecord {
  name: string
  last_id: number
  failures: number
  failing_since: number | null
  next_at: number
  problem: string | null
}

const most = 10_000

export type NotificationsStore = ReturnType<typeof createNotificationsStore>

/** The log of notifications, and each webhook's place in it. */
export function createNotificationsStore(db: Db) {
  const insert = db.prepare(
    `INSERT INTO notifications (at, kind, title, detail, job_uuid, worker_uuid)
     VALUES (@now, @kind, @title, @detail, @job, @worker)`,
  )
  const trim = db.prepare('DELETE FROM notifications WHERE id <= ?')
  const latest = db.prepare<[number], NotificationRecord>(
    'SELECT * FROM (SELECT * FROM notifications ORDER BY id DESC LIMIT ?) ORDER BY id',
  )
  const after = db.prepare<[number, number], NotificationRecord>(
    'SELECT * FROM notifications WHERE id > ? ORDER BY id LIMIT ?',
  )
  const lastId = db.prepare<[], { id: number }>(
    `SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'notifications'), 0) AS id`,
  )
  const next = db.prepare<{ after: number; kinds: string }, NotificationRecord>(
    `SELECT * FROM notifications WHERE id > @after AND kind IN (SELECT value FROM json_each(@kinds))
      ORDER BY id LIMIT 1`,
  )
  const waiting = db.prepare<{ after: number; kinds: string }, { n: number }>(
    `SELECT count(*) AS n FROM notifications
      WHERE id > @after AND kind IN (SELECT value FROM json_each(@kinds))`,
  )
  const openHook = db.prepare('INSERT OR IGNORE INTO webhooks (name, last_id) VALUES (?, ?)')
  const hook = db.prepare<[string], WebhookRecord>('SELECT * FROM webhooks WHERE name = ?')
  const passed = db.prepare(
    `UPDATE webhooks SET last_id = @id, failures = 0, failing_since = NULL, next_at = 0, problem = NULL
      WHERE name = @name`,
  )
  const missed = db.prepare(
    `UPDATE webhooks SET failures = failures + 1, failing_since = coalesce(failing_since, @now),
       next_at = @next, problem = @problem WHERE name = @name`,
  )
  const forget = db.prepare(
    'DELETE FROM webhooks WHERE name NOT IN (SELECT value FROM json_each(?))',
  )

  return {
    add(notice: Notice, now: number): void {
      const { lastInsertRowid } = insert.run({ ...notice, now })
      trim.run(Number(lastInsertRowid) - most)
    },
    latest: (limit: number) => latest.all(limit),
    after: (id: number, limit: number) => after.all(id, limit),
    lastId: () => lastId.get()!.id,
    /** The next one of these kinds behind a place. */
    next: (id: number, kinds: readonly string[]) =>
      next.get({ after: id, kinds: JSON.stringify(kinds) }),
    countAfter: (id: number, kinds: readonly string[]) =>
      waiting.get({ after: id, kinds: JSON.stringify(kinds) })!.n,
    /** Knows these webhooks from now on, and no others; a new one is told only what is new. */
    keepHooks(names: readonly string[]): void {
      forget.run(JSON.stringify(names))
      for (const name of names) openHook.run(name, lastId.get()!.id)
    },
    hook: (name: string) => hook.get(name),
    passed: (name: string, id: number) => void passed.run({ name, id }),
    missed(name: string, failure: { problem: string; now: number; next: number }): void {
      missed.run({ name, ...failure })
    },
  }
}
