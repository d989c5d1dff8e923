import { open } from 'node:fs/promises'
import type { Db } from './open.ts'

/**
 * Puts what was committed beyond a power cut. A commit alone survives the end of the process, not of the machine: with
 * `synchronous = NORMAL` SQLite leaves flushing its log to the checkpoints. Flushing it here, from a thread of libuv, keeps
 * other requests going. Whoever asks while one flush is under way shares the next.
 * Source: sqlite.org/wal.html, "Performance Considerations".
 */
export function createLogFlush(
  db: Pick<Db, 'name' | 'memory'>,
  sync: (path: string) => Promise<void> = syncFile,
): () => Promise<void> {
  const path = `${db.name}-wal`
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined

  const flush = (): Promise<void> => {
    const run = db.memory ? Promise.resolve() : sync(path)
    running = run.finally(() => {
      running = undefined
    })
    return running
  }

  return () => {
    if (!running) return flush()
    // What is under way may have begun before the asker's commit.
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = undefined
        return flush()
      })
    return next
  }
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await file.datasync()
  } finally {
    await file.close()
  }
}
