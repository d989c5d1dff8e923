import type { StoredBlob } from './blobs/committer.ts'
import type { Quarantine } from './care/quarantine.ts'
import type { Unverified } from './care/unverified.ts'
import type { Claims } from './claims.ts'
import type { Counters } from './counters.ts'
import { type Digest, digestKey } from './digest.ts'
import type { BlobRecord, IndexDb } from './index-db.ts'
import type { Protection } from './protection.ts'
import { createWatches, type Watch } from './watches.ts'

/** Tells the tables of a store which blobs have come, and which have not. */
export interface Arrivals {
  /** These became durable, as far as is promised. */
  stored(blobs: readonly StoredBlob[]): Promise<void>
  /** These lay on the disk without the index knowing. */
  found(digests: readonly Digest[]): Promise<void>
  /** These are not on the disk, whatever the index says. */
  missing(digests: readonly Digest[]): Promise<void>
  /** How many were stored since the start. */
  count(): number
  /** Starts noting what is stored. */
  watch(): Watch
}

interface ArrivalsParts {
  index: IndexDb
  counters: Counters
  protection: Protection
  claims: Claims
  /** What was stored is on the medium, and not only in the system's memory. */
  isDurable: boolean
  now: () => number
  /** Both are made after the store, which tells of arrivals. */
  quarantine(): Quarantine
  unverified(): Unverified
}

/** Creates what tells a store's tables of arrivals. */
export function createArrivals(parts: ArrivalsParts): Arrivals {
  const { index, counters, protection, claims, isDurable, now } = parts
  const watches = createWatches()
  let count = 0
  const seconds = (): number => Math.floor(now() / 1000)

  const arrivals: Arrivals = {
    async stored(blobs) {
      const digests = blobs.map((blob) => blob.digest)
      const time = seconds()
      protection.lease(digests)
      claims.settle(digests)
      counters.stored(blobs)
      count += blobs.length
      watches.note(digests.map(digestKey))
      if (!isDurable) parts.unverified().arrived(storedAmong(blobs))
      const found = foundAmong(blobs)
      await index.putBlobs(blobs.flatMap((blob) => entryOf(blob, time)))
      if (found.length > 0) await arrivals.found(found)
      await parts.quarantine().healed(digests)
    },
    found(digests) {
      // Who claimed one of them was told that it is not there.
      claims.settle(digests)
      counters.found(digests)
      const record = { storedAt: seconds(), lastUse: seconds(), verifiedAt: 0 }
      return index.putBlobs(digests.map((digest) => [digest, record] as const))
    },
    missing(digests) {
      counters.removed(digests.filter((digest) => index.getBlob(digest)))
      return index.deleteBlobs(digests)
    },
    count: () => count,
    watch: watches.begin,
  }
  return arrivals

  function entryOf(blob: StoredBlob, time: number): (readonly [Digest, BlobRecord])[] {
    const { digest, temp, outcome } = blob
    if (outcome === 'already-stored') {
      const known = index.getBlob(digest)
      return known ? [[digest, { ...known, lastUse: time }]] : []
    }
    // What came back from the trash may have gone there unverified.
    const isVerified = isDurable && (temp !== '' || index.unverified() === 0)
    return [[digest, { storedAt: time, lastUse: time, verifiedAt: isVerified ? time : 0 }]]
  }

  /** Whoever uploaded these met files that the index does not know: others' bytes, which nobody here has read. */
  function foundAmong(blobs: readonly StoredBlob[]): Digest[] {
    const unknown = blobs.filter(
      ({ digest, outcome }) => outcome === 'already-stored' && !index.getBlob(digest),
    )
    if (unknown.length === 0) return []
    // A rival's in the same group is not in the index yet.
    const keys = new Set(storedAmong(blobs).map(digestKey))
    return unknown.flatMap(({ digest }) => (keys.has(digestKey(digest)) ? [] : [digest]))
  }
}

function storedAmong(blobs: readonly StoredBlob[]): Digest[] {
  return blobs.flatMap(({ digest, outcome }) => (outcome === 'stored' ? [digest] : []))
}
