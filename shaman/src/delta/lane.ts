import type { Worker } from 'node:worker_threads'
import type { LaneAnswer, LaneJob } from './lane-worker.ts'
import { openRing, type Ring } from './ring.ts'

/** A thread ended in the middle of its work. */
export class LaneLost extends Error {
  override readonly name = 'LaneLost'
}

/** Resolves when all threads have answered, also after a signal: only then the lane is free again. */
export async function underSignal(
  ring: Ring,
  signal: AbortSignal | undefined,
  answers: Promise<LaneAnswer>[],
): Promise<LaneAnswer[]> {
  const cancel = (): void => ring.cancel()
  signal?.addEventListener('abort', cancel, { once: true })
  try {
    const settled = await Promise.allSettled(answers)
    signal?.throwIfAborted()
    return settled.map(answerOf)
  } finally {
    signal?.removeEventListener('abort', cancel)
  }
}

/** Gives a thread a job; its error is thrown, and one that ended is a {@link LaneLost}. */
export function ask(worker: Worker, job: LaneJob): Promise<LaneAnswer> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      worker.off('message', answered).off('error', failed).off('exit', ended)
      worker.unref()
    }
    const answered = (answer: LaneAnswer): void => {
      done()
      if ('error' in answer) reject(Object.assign(new Error(answer.error.message), answer.error))
      else resolve(answer)
    }
    const failed = (cause: unknown): void => {
      done()
      openRing(job.memory).cancel()
      reject(new LaneLost('a hashing thread failed', { cause }))
    }
    const ended = (): void => failed(undefined)
    worker.on('message', answered).on('error', failed).on('exit', ended)
    // Held only while it works: a process that awaits the answer must not end before it.
    worker.ref()
    worker.postMessage(job)
  })
}

function answerOf(settled: PromiseSettledResult<LaneAnswer>): LaneAnswer {
  if (settled.status === 'rejected') throw settled.reason
  return settled.value
}

const followEveryMs = 100

/** Tells how far the threads are while they work. */
export async function followed<T>(
  ring: Ring,
  onBytes: (bytes: number) => void,
  work: Promise<T>,
): Promise<T> {
  let told = 0
  const tell = (): void => {
    const bytes = ring.bytes
    if (bytes > told) onBytes(bytes - told)
    told = bytes
  }
  const timer = setInterval(tell, followEveryMs)
  try {
    return await work
  } finally {
    clearInterval(timer)
    tell()
  }
}
