import type { AuditEntry } from '@shaman-farm/manager-api'
import type { Db } from '../db/open.ts'
import { dateTime } from '../db/times.ts'

export type AuditStore = ReturnType<typeof createAuditStore>
type AuditRecord = Omit<AuditEntry, 'at'> & { at: number }

/** Years of a busy farm; the oldest go first. */
const mostEntries = 500_000
const pruneEvery = 1_000

export function createAuditStore(db: Db) {
  const insert = db.prepare(
    `INSERT INTO audit (at, who, role, address, operation, path, status, detail)
     VALUES (@at, @who, @role, @address, @operation, @path, @status, @detail)`,
  )
  const prune = db.prepare('DELETE FROM audit WHERE id <= ?')
  const list = db.prepare<{ who: string | null; before: number; limit: number }, AuditRecord>(
    `SELECT * FROM audit WHERE id < @before AND (@who IS NULL OR who = @who)
      ORDER BY id DESC LIMIT @limit`,
  )
  return {
    add(entry: Omit<AuditRecord, 'id'>): void {
      const id = Number(insert.run(entry).lastInsertRowid)
      if (id % pruneEvery === 0) prune.run(id - mostEntries)
    },
    list({ who, before, limit }: { who?: string; before?: number; limit?: number }): AuditEntry[] {
      const given = {
        who: who ?? null,
        before: before ?? Number.MAX_SAFE_INTEGER,
        limit: limit ?? 100,
      }
      return list.all(given).map(({ at, ...rest }) => ({ ...rest, at: dateTime(at) }))
    },
  }
}
