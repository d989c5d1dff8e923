import { createHash } from 'node:crypto'
import type { AttentionItem } from '@shaman-farm/manager-api'
import type { Farm } from '../farm.ts'
import type { Services } from '../services.ts'
import { growingBlocklists } from './blocklists.ts'
import { failures } from './failures.ts'
import { lowStorage, stalledUploads } from './storage.ts'
import { dayMs } from './trouble.ts'
import { jobsWithoutWorkers, stuckTasks } from './work.ts'
import { lostWorkers, versionSkew } from './workers.ts'

/** What somebody should look at: one item per cause, however many things it has hit. */
export async function attentionItems({
  farm,
  shaman,
}: Pick<Services, 'farm' | 'shaman'>): Promise<AttentionItem[]> {
  const items = [
    ...failures(farm),
    ...growingBlocklists(farm),
    ...stuckTasks(farm),
    ...lostWorkers(farm),
    ...jobsWithoutWorkers(farm),
    ...(await lowStorage(farm)),
    ...(shaman ? await stalledUploads(farm, shaman) : []),
    ...versionSkew(farm),
  ]
  const seen = farm.db.prepare<[string], { item_id: string }>(
    'SELECT item_id FROM attention_acknowledgements WHERE item_id = ?',
  )
  return items.map(({ key, ...item }) => {
    const id = createHash('sha256').update(key).digest('hex').slice(0, 16)
    return { id, ...item, acknowledged: seen.get(id) !== undefined }
  })
}

export function acknowledge(farm: Farm, id: string): void {
  farm.transaction(() => {
    farm.db
      .prepare('INSERT OR IGNORE INTO attention_acknowledgements VALUES (?, ?)')
      .run(id, farm.now())
    farm.db
      .prepare('DELETE FROM attention_acknowledgements WHERE created_at < ?')
      .run(farm.now() - 90 * dayMs)
  })
}
