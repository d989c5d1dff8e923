import type { Logger } from 'pino'
import type { StoredBlob } from './blobs/committer.ts'
import { type Digest, digestKey } from './digest.ts'
import type { IndexDb } from './index-db.ts'

/** Running totals of a store, and which blobs have just arrived. */
export interface Counters {
  stored(blobs: readonly StoredBlob[]): void
  removed(digests: readonly Digest[]): void
  /** Blobs that lay on the disk without the index knowing. */
  found(digests: readonly Digest[]): void
  totals(): Totals
  /** Which of these arrived by upload and were not claimed before: what a checkout's receipt calls uploaded. */
  claimArrivals(digests: readonly Digest[]): Digest[]
  /** Whether the server before this one stopped in order. */
  readonly wasClean: boolean
  save(): Promise<void>
}

/** How much lies in a store. */
export interface Totals {
  blobs: number
  bytes: number
}

// Bounds the memory of uploads that no checkout ever claims.
const maxArrivals = 500_000

/** Loads the totals; after an unclean stop they are counted again from the index, in the background. */
export async function createCounters(index: IndexDb, log: Logger): Promise<Counters> {
  let { blobs, bytes } = (await index.getState<Totals>('totals')) ?? { blobs: 0, bytes: 0 }
  const isClean = (await index.getState<boolean>('clean')) ?? false
  await index.setState('clean', false)
  const arrivals = new Set<string>()
  let counting = isClean ? undefined : recount()

  const counters: Counters = {
    stored(stored) {
      for (const { digest, outcome } of stored) {
        if (outcome === 'already-stored') continue
        blobs += 1
        bytes += digest.size
        if (arrivals.size < maxArrivals) arrivals.add(digestKey(digest))
      }
    },
    removed(digests) {
      for (const digest of digests) {
        blobs -= 1
        bytes -= digest.size
      }
    },
    found(digests) {
      for (const digest of digests) {
        blobs += 1
        bytes += digest.size
      }
    },
    wasClean: isClean,
    totals: () => ({ blobs, bytes }),
    claimArrivals: (digests) => digests.filter((digest) => arrivals.delete(digestKey(digest))),
    async save() {
      await counting
      await index.setState('totals', { blobs, bytes })
      await index.setState('clean', true)
    },
  }
  return counters

  // The iterator sees the index as it is now, before anything is served; what comes later is counted on top.
  async function recount(): Promise<void> {
    const startBlobs = blobs
    const startBytes = bytes
    let countedBlobs = 0
    let countedBytes = 0
    try {
      for await (const page of index.blobs()) {
        countedBlobs += page.length
        for (const [digest] of page) countedBytes += digest.size
      }
      blobs += countedBlobs - startBlobs
      bytes += countedBytes - startBytes
    } catch (error) {
      log.warn({ err: error }, 'blobs not counted')
    } finally {
      counting = undefined
    }
  }
}
