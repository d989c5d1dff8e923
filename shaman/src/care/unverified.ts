import type { FileBlobStore } from '../blobs/file-blob-store.ts'
import { type Digest, digestKey } from '../digest.ts'
import { nextTurn } from '../disk.ts'
import type { BlobRecord, IndexDb } from '../index-db.ts'
import { inLanes } from '../lanes.ts'
import type { Protection } from '../protection.ts'
import type { Durability, Syncer } from '../sync.ts'
import type { Examine } from './examine.ts'

/**
 * Blobs whose bytes on the medium nobody knows to be right: those that came without a sync before a server stopped uncleanly,
 * those of Flamenco, which never syncs, and those that the index did not know. Nearly all are good, so clients are told that
 * they are stored; but each is read before a checkout is made of it, and before an upload of the same bytes is turned away.
 */
export interface Unverified {
  has(digest: Digest): boolean
  /** Came through our hands without a sync: good while this server runs, and afterwards if it stops in order. */
  arrived(digests: readonly Digest[]): void
  /**
   * Reads those that are unverified; what is damaged goes to quarantine, what is not is made durable and counts as verified.
   * Resolves to the number of damaged ones.
   */
  read(digests: readonly Digest[], options?: Parameters<Examine>[1]): Promise<number>
  /** Makes blobs durable that were put into the store by this server, or have been read. */
  makeDurable(digests: readonly Digest[]): Promise<void>
  /** Makes durable what arrived, as the last thing a server does. */
  settle(): Promise<void>
}

interface UnverifiedParts {
  store: FileBlobStore
  index: IndexDb
  syncer: Syncer
  durability: Durability
  protection: Protection
  examine: Examine
  now: () => number
}

const sliceLength = 256
const parallel = 4
// 30 MB of memory; those beyond are read once more, which costs time only.
const mostArrived = 200_000

/** Creates the table for a store. */
export function createUnverified(parts: UnverifiedParts): Unverified {
  const { store, index, syncer, durability, protection, examine, now } = parts
  const { layout } = store
  const arrivals = new Map<string, Digest>()

  const unverified: Unverified = {
    has(digest) {
      // A bucket has made durable what it has acknowledged.
      if (index.unverified() === 0 || store.elsewhere) return false
      if (arrivals.has(digestKey(digest))) return false
      return (index.getBlob(digest)?.verifiedAt ?? 0) === 0
    },
    arrived(digests) {
      for (const digest of digests) {
        if (arrivals.size < mostArrived) arrivals.set(digestKey(digest), digest)
      }
    },
    async read(digests, options) {
      if (index.unverified() === 0) return 0
      let damaged = 0
      const unpin = protection.pin(digests)
      const isOpen = (digest: Digest): boolean => unverified.has(digest) && store.isStored(digest)
      try {
        await inLanes(await chosen(digests, isOpen), parallel, async (digest) => {
          const isGood = await examine(digest, options)
          if (!isGood) damaged += 1
          else if (durability === 'none') unverified.arrived([digest])
          else await unverified.makeDurable([digest])
        })
      } finally {
        unpin()
      }
      return damaged
    },
    async makeDurable(digests) {
      const dirs = digests.flatMap((digest) => layout.dirsOf(digest))
      await syncer.sync(
        digests.map((digest) => layout.blob(digest)),
        [...new Set(dirs)],
      )
      for (let at = 0; at < digests.length; at += sliceLength) {
        await record(digests.slice(at, at + sliceLength))
      }
    },
    async settle() {
      if (durability !== 'batch' || arrivals.size === 0) return
      await unverified.makeDurable(await chosen([...arrivals.values()], store.isStored))
    },
  }
  return unverified

  async function record(digests: readonly Digest[]): Promise<void> {
    const verifiedAt = Math.floor(now() / 1000)
    const entries: (readonly [Digest, BlobRecord])[] = []
    for (const digest of digests) {
      const known = index.getBlob(digest)
      // What the index does not know yet was read by this server at least.
      if (!known) unverified.arrived([digest])
      else {
        if (known.verifiedAt === 0) entries.push([digest, { ...known, verifiedAt }])
        arrivals.delete(digestKey(digest))
      }
    }
    await index.putBlobs(entries)
  }
}

async function chosen(
  digests: readonly Digest[],
  isWanted: (digest: Digest) => boolean,
): Promise<Digest[]> {
  const wanted: Digest[] = []
  for (const [i, digest] of digests.entries()) {
    if (i % sliceLength === sliceLength - 1) await nextTurn()
    if (isWanted(digest)) wanted.push(digest)
  }
  return wanted
}
