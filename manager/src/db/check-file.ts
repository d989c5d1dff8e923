import { Worker } from 'node:worker_threads'

/** Reads a database file from end to end, in a thread of its own: that takes longer than a request may wait. */
export function checkFile(path: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./check-thread.ts', import.meta.url), { workerData: path })
    worker.unref()
    worker.once('message', (problem: string | undefined) => resolve(problem))
    worker.once('error', reject)
    worker.once('exit', () => reject(new Error('the check was cut off')))
  })
}
