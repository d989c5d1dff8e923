import type { FileBlobStore } from '../blobs/file-blob-store.ts'
import type { CheckoutCatalog } from '../checkouts/catalog.ts'
import type { Counters } from '../counters.ts'
import { type Digest, digestKey } from '../digest.ts'
import type { IndexDb, QuarantineRecord } from '../index-db.ts'

/** Damaged blobs, set aside so that the next submission sends them again. */
export interface Quarantine {
  /** Sets a blob aside if it is still the file that was found damaged; tells which checkouts it breaks. */
  add(digest: Digest, inode: number, reason: string): Promise<QuarantineRecord | undefined>
  /** A good copy has arrived. */
  healed(digests: readonly Digest[]): Promise<void>
  list(): Promise<(readonly [Digest, QuarantineRecord])[]>
  load(): Promise<void>
}

/** What {@link createQuarantine} works with. */
export interface QuarantineParts {
  store: FileBlobStore
  index: IndexDb
  catalog: CheckoutCatalog
  counters: Counters
  now: () => number
  onRemoved(): void
}

/** Creates the quarantine of a store. */
export function createQuarantine(parts: QuarantineParts): Quarantine {
  const { store, index, catalog, counters, now } = parts
  const held = new Set<string>()

  return {
    async add(digest, inode, reason) {
      const path = store.layout.blob(digest)
      // Looked at and renamed in one turn: a good copy that has just replaced it must not go, nor one that is about to.
      if (store.disk.lstatSync(path)?.ino !== inode) return undefined
      if (store.committer.isSettling(digest)) return undefined
      store.disk.renameSync(path, `${store.layout.quarantine}/${digestKey(digest)}-${now()}`)
      parts.onRemoved()
      held.add(digestKey(digest))
      await store.dropBytes(digest)
      await index.deleteBlobs([digest])
      counters.removed([digest])
      const seqs = await index.holders(digest)
      const checkouts = seqs.flatMap((seq) => catalog.bySeq(seq)?.path ?? [])
      const record = { at: now(), reason, checkouts }
      await index.setQuarantined(digest, record)
      return record
    },
    async healed(digests) {
      if (held.size === 0) return
      for (const digest of digests) {
        if (held.delete(digestKey(digest))) await index.clearQuarantined(digest)
      }
    },
    list: () => index.quarantined(),
    async load() {
      for (const [digest] of await index.quarantined()) held.add(digestKey(digest))
    },
  }
}
