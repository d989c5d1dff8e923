import { type Digest, digestKey } from './digest.ts'
import { createWatches, type Watch } from './watches.ts'

/** How long a blob told to be stored is kept without being referenced. */
export const defaultLeaseMs = 2 * 60 * 60 * 1000

/**
 * What keeps a blob from being collected besides the checkouts that reference it. All of it is memory: a restart forgets
 * it, which is why collection rests for one lease time after a start.
 *
 * Every question and every change is one synchronous step, so they are totally ordered within the process.
 */
export interface Protection {
  /** Holds blobs until released (a checkout being made, a recipe being spliced, a download). */
  pin(digests: Iterable<Digest>): () => void
  /** Keeps blobs for the lease time; what every "stored" answer does. */
  lease(digests: Iterable<Digest>): void
  isPinned(digest: Digest): boolean
  isLeased(digest: Digest): boolean
  /** Starts noting every blob that gets pinned or leased; GC compares against it. */
  watch(): Watch
  /** Leased blobs since the last call, for the index to remember their last use. */
  takeTouched(): string[]
  counts(): { pinned: number; leased: number }
}

/** Creates an empty protection table. */
export function createProtection(
  options: { now?: () => number; leaseMs?: number } = {},
): Protection {
  const { now = Date.now, leaseMs = defaultLeaseMs } = options
  const pins = new Map<string, number>()
  const leases = new Map<string, number>()
  const watches = createWatches()
  let touched = new Set<string>()
  let nextSweep = now() + leaseMs

  return {
    pin(digests) {
      const keys = Array.from(digests, digestKey)
      for (const key of keys) pins.set(key, (pins.get(key) ?? 0) + 1)
      watches.note(keys)
      let held = true
      return () => {
        if (!held) return
        held = false
        for (const key of keys) unpin(key)
      }
    },
    lease(digests) {
      const until = now() + leaseMs
      const keys = Array.from(digests, digestKey)
      for (const key of keys) {
        leases.set(key, until)
        touched.add(key)
      }
      watches.note(keys)
      forgetExpired()
    },
    isPinned: (digest) => pins.has(digestKey(digest)),
    isLeased: (digest) => (leases.get(digestKey(digest)) ?? Number.NEGATIVE_INFINITY) > now(),
    watch: watches.begin,
    takeTouched() {
      const keys = [...touched]
      touched = new Set()
      return keys
    },
    counts: () => ({ pinned: pins.size, leased: leases.size }),
  }

  function unpin(key: string): void {
    const count = pins.get(key) ?? 0
    if (count > 1) pins.set(key, count - 1)
    else pins.delete(key)
  }

  // A whole pass, but at most one per quarter of a lease time: the table is bounded by what was mentioned in that time.
  function forgetExpired(): void {
    const time = now()
    if (time < nextSweep) return
    nextSweep = time + leaseMs / 4
    for (const [key, until] of leases) if (until <= time) leases.delete(key)
  }
}
