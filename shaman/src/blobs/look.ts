import type { Digest } from '../digest.ts'
import { nextTurn } from '../disk.ts'
import type { Layout } from '../layout.ts'
import { blobsOf } from './thread-messages.ts'
import type { Threads } from './threads.ts'

/** Looks at the disk for many blobs. */
export type Look = (digests: readonly Digest[]) => Promise<boolean[]>

interface LookParts {
  layout: Layout
  threads: Threads | undefined
  isStored(digest: Digest): boolean
  /** Whether a blob has its name already but is not durable yet. */
  isSettling(digest: Digest): boolean
}

const sliceLength = 64
// Below it a thread's answer takes longer than the look.
const threadsFrom = 512
const batchLength = 256
const windowLength = 4 * batchLength

/**
 * Creates what looks at many blobs, in threads if there are any: ten thousand looks take as long as all else that a submission of
 * nothing new asks of the server. An answer is as old as its window of the question; whoever must not be overtaken holds the blobs.
 */
export function createLook({ layout, threads, isStored, isSettling }: LookParts): Look {
  return async (digests) => {
    if (!threads || digests.length < threadsFrom) return await lookHere(digests)
    const answers: boolean[] = []
    for (let at = 0; at < digests.length; at += windowLength) {
      answers.push(...(await lookInThreads(threads, digests.slice(at, at + windowLength))))
    }
    return answers
  }

  async function lookHere(digests: readonly Digest[]): Promise<boolean[]> {
    const answers: boolean[] = []
    for (const [i, digest] of digests.entries()) {
      if (i % sliceLength === sliceLength - 1) await nextTurn()
      answers.push(isStored(digest))
    }
    return answers
  }

  async function lookInThreads({ pick }: Threads, digests: readonly Digest[]): Promise<boolean[]> {
    const batches: Promise<Uint8Array>[] = []
    for (let at = 0; at < digests.length; at += batchLength) {
      const blobs = blobsOf(layout, digests.slice(at, at + batchLength))
      batches.push(pick('names').ask({ do: 'look', ...blobs }))
    }
    const isThere = (await Promise.all(batches)).flatMap((batch) => [...batch])
    return digests.map((digest, i) => isThere[i] === 1 && !isSettling(digest))
  }
}
