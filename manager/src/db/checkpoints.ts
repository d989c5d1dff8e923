import { Worker } from 'node:worker_threads'
import type { Logger } from 'pino'

/**
 * Moves what was committed from the log into the database file, from a thread of its own: that means waiting for the
 * disk, for up to a second when it is busy, and meanwhile requests go on. Passive checkpoints never block writers.
 */
export function keepCheckpoints(path: string, log: Logger): () => Promise<void> {
  const worker = new Worker(new URL('./checkpoint-thread.ts', import.meta.url), {
    workerData: path,
  })
  worker.unref()
  worker.on('error', (error) => log.warn({ err: error }, 'checkpoints stopped'))
  return async () => {
    await worker.terminate()
  }
}
