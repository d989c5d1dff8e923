import { Worker } from 'node:worker_threads'
import type { Logger } from 'pino'

export interface CheckpointPlan {
  /** The database file. */
  path: string
  /** From this length on, the log is made to begin anew. */
  longLogPages: number
}

// 80 MiB: a third of what storing a job of 100,000 tasks writes.
const defaultLongLogPages = 20_000

/**
 * Moves what was committed from the log into the database file, from a thread of its own: that means waiting for the
 * disk, for up to a second when it is busy, and meanwhile requests go on.
 */
export function keepCheckpoints(
  path: string,
  log: Logger,
  { longLogPages = defaultLongLogPages }: { longLogPages?: number } = {},
): () => Promise<void> {
  const plan: CheckpointPlan = { path, longLogPages }
  const worker = new Worker(new URL('./checkpoint-thread.ts', import.meta.url), {
    workerData: plan,
  })
  worker.unref()
  worker.on('error', (error) => log.warn({ err: error }, 'checkpoints stopped'))
  return async () => {
    await worker.terminate()
  }
}
