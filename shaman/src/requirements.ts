import type { FileBlobStore } from './blobs/file-blob-store.ts'
import type { UploadsInFlight } from './blobs/uploads-in-flight.ts'
import { type Digest, digestKey } from './digest.ts'
import { nextTurn } from './disk.ts'
import type { IndexDb } from './index-db.ts'
import type { Protection } from './protection.ts'

/** Where a blob stands, in Flamenco's words. */
export type BlobStatus = 'unknown' | 'uploading' | 'stored'

/** What {@link createNegotiator} works with. */
export interface NegotiatorParts {
  store: FileBlobStore
  index: IndexDb
  inFlight: UploadsInFlight
  protection: Protection
  /** Takes a blob back out of the trash; whether it was there. */
  restore(digest: Digest): boolean
  /** These are stored, but the index did not know. */
  onFound(digests: readonly Digest[]): Promise<void>
  /** Grows with every blob the collector or the scrubber takes away. */
  removals(): number
  /** Grows with every blob that becomes durable. */
  arrivals(): number
}

/** Answers what of a submission is here already. */
export interface Negotiator {
  /** By a look at the disk. "stored" renews the lease and brings a collected blob back. */
  status(digest: Digest): BlobStatus
  /**
   * The statuses of many blobs. `confirm: 'disk'` looks at each; `'index'` believes the index, at a third of the cost: for
   * clients that negotiate again when a checkout finds the index wrong.
   */
  statuses(digests: readonly Digest[], confirm: 'disk' | 'index'): Promise<BlobStatus[]>
}

const sliceLength = 256

/** Creates the negotiator of a store. */
export function createNegotiator(parts: NegotiatorParts): Negotiator {
  const { store, index, inFlight, protection } = parts

  return {
    status(digest) {
      const status = look(digest)
      if (status === 'stored') protection.lease([digest])
      return status
    },
    async statuses(digests, confirm) {
      const removals = parts.removals()
      const arrivals = parts.arrivals()
      const known = confirm === 'index' ? await index.hasBlobs(digests) : []
      const isHere = await confirmed(digests, known)
      // What was seen or told before is true while nothing has gone since, or come.
      const quick = (digest: Digest, here: boolean | undefined): BlobStatus => {
        if (here && parts.removals() === removals) return settled(digest)
        if (!here && parts.arrivals() === arrivals) return absent(digest)
        return look(digest)
      }
      const statuses: BlobStatus[] = []
      const stored: Digest[] = []
      const found: Digest[] = []
      for (const [i, digest] of digests.entries()) {
        if (i % sliceLength === sliceLength - 1) await leaseAndYield(stored)
        const status = quick(digest, isHere[i])
        if (status === 'stored') stored.push(digest)
        if (status === 'stored' && known[i] === false) found.push(digest)
        statuses.push(status)
      }
      protection.lease(stored)
      // Asked again: an upload may have told the index meanwhile.
      const unindexed = found.filter((digest) => index.getBlob(digest) === undefined)
      if (unindexed.length > 0) await parts.onFound(unindexed)
      return statuses
    },
  }

  // Leased in the turn of the look: between a look and a later lease, a collector could take the blob.
  async function leaseAndYield(stored: Digest[]): Promise<void> {
    protection.lease(stored.splice(0))
    await nextTurn()
  }

  /** The index's word for what it knows, a look at the disk for the rest. */
  async function confirmed(
    digests: readonly Digest[],
    known: readonly boolean[],
  ): Promise<boolean[]> {
    const doubtful = digests.filter((_, i) => !known[i])
    const seen = await store.areStored(doubtful)
    let next = 0
    return digests.map((_, i) => known[i] || seen[next++]!)
  }

  function look(digest: Digest): BlobStatus {
    return store.isStored(digest) ? 'stored' : absent(digest)
  }

  function absent(digest: Digest): BlobStatus {
    if (parts.restore(digest)) return 'stored'
    return inFlight.isRunning(digest) || store.committer.isSettling(digest)
      ? 'uploading'
      : 'unknown'
  }

  function settled(digest: Digest): BlobStatus {
    return store.committer.isSettling(digest) ? 'uploading' : 'stored'
  }
}

/** The first of each digest, in order. */
export function firstOfEach<T extends Digest>(files: readonly T[]): T[] {
  const seen = new Set<string>()
  return files.filter((file) => {
    const key = digestKey(file)
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}
