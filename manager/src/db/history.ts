import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Farm } from '../farm.ts'

// With the indexes of the audit log some 5 ms of the manager's only thread.
const slice = 1_000

const tables = ['audit', 'notifications'] as const

/** What was written down longer ago than the policy `history_expiry` says goes, the oldest first. */
export async function forgetOldHistory({ db, config, now }: Farm): Promise<void> {
  const { historyExpiryMs } = config.current
  if (historyExpiryMs <= 0) return
  for (const table of tables) {
    // Only the oldest are looked at: times go up with ids, and have no index.
    const forget = db.prepare(
      `DELETE FROM ${table} WHERE id IN
         (SELECT id FROM (SELECT id, at FROM ${table} ORDER BY id LIMIT ${slice}) WHERE at < ?)`,
    )
    while (forget.run(now() - historyExpiryMs).changes === slice) await nextTurn()
  }
}
