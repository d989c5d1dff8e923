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
      const known = confirm === 'index' ? await index.hasBlobs(digests) : []
      const isFresh = (): boolean => parts.removals() === removals
      const statuses: BlobStatus[] = []
      const stored: Digest[] = []
      const found: Digest[] = []
      for (const [i, digest] of digests.entries()) {
        if (i % sliceLength === sliceLength - 1) await leaseAndYield(stored)
        const status = known[i] && isFresh() ? settled(digest) : look(digest)
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

  function look(digest: Digest): BlobStatus {
    if (store.isStored(digest)) return 'stored'
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
