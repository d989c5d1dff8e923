import { open } from 'node:fs/promises'
import { createSharedRuns } from '@shaman-farm/shaman'
import type { Db } from './open.ts'

/**
 * Puts what was committed beyond a power cut. A commit alone survives the end of the process, not of the machine: with
 * `synchronous = NORMAL` SQLite leaves flushing its log to the checkpoints. Flushing it here, from a thread of libuv, keeps
 * other requests going.
 * Source: sqlite.org/wal.html, "Performance Considerations".
 */
export function createLogFlush(
  db: Pick<Db, 'name' | 'memory'>,
  sync: (path: string) => Promise<void> = syncFile,
): () => Promise<void> {
  const path = `${db.name}-wal`
  return createSharedRuns(async () => {
    if (!db.memory) await sync(path)
  })
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await file.datasync()
  } finally {
    await file.close()
  }
}
