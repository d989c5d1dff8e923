import type { Logger } from 'pino'
import type { FileBlobStore } from './blobs/file-blob-store.ts'
import type { CheckoutCatalog } from './checkouts/catalog.ts'
import type { Counters, Totals } from './counters.ts'
import type { Digest } from './digest.ts'
import { makeDir } from './disk.ts'
import type { BlobRecord, IndexDb } from './index-db.ts'
import { distinctDigests } from './manifest.ts'

const pageLength = 2000

/** Recreates the blob and reference records of an index from names on disk; nothing is read but directories and manifests. */
export async function rebuildIndex(parts: {
  blobs: FileBlobStore
  catalog: CheckoutCatalog
  index: IndexDb
  log: Logger
  counters: Counters
}): Promise<Totals> {
  const { blobs, catalog, index, log, counters } = parts
  await adoptElsewhere(blobs, index)
  await dropStale(blobs, index, counters)
  let count = 0
  let bytes = 0
  const page: (readonly [Digest, BlobRecord])[] = []
  for await (const digest of blobs.list()) {
    const stats = blobs.disk.lstatSync(blobs.layout.blob(digest))
    if (!stats?.isFile() || stats.size !== digest.size) continue
    const seconds = Math.floor(stats.mtimeMs / 1000)
    count += 1
    bytes += digest.size
    // What is being published now is entered by its own upload.
    if (blobs.committer.isSettling(digest) || index.getBlob(digest)) continue
    page.push([digest, { storedAt: seconds, lastUse: seconds, verifiedAt: 0 }])
    counters.found([digest])
    if (page.length >= pageLength) await index.putBlobs(page.splice(0))
  }
  await index.putBlobs(page)
  for (const checkout of catalog.list()) {
    const { files } = await catalog.manifest(checkout.path)
    await index.addReferences(checkout.seq, distinctDigests(files))
  }
  log.info({ blobs: count, bytes, checkouts: catalog.list().length }, 'index rebuilt')
  return { blobs: count, bytes }
}

/** Makes a placeholder for every blob that lies elsewhere and has none, so that it is known and can be collected. */
async function adoptElsewhere(
  { elsewhere, layout, disk }: FileBlobStore,
  index: IndexDb,
): Promise<void> {
  if (!elsewhere) return
  for await (const digest of elsewhere.store.list()) {
    const isKnown = (): boolean =>
      disk.lstatSync(layout.blob(digest)) !== undefined || index.getTrashed(digest) !== undefined
    if (isKnown()) continue
    await elsewhere.exclusively(digest, async () => {
      if (!(await elsewhere.store.has(digest)) || isKnown()) return
      makeDir(disk, layout.dirOf(digest))
      elsewhere.makePlaceholder(digest, layout.blob(digest))
    })
  }
}

async function dropStale(blobs: FileBlobStore, index: IndexDb, counters: Counters): Promise<void> {
  for await (const page of index.blobs()) {
    const stale = page
      .map(([digest]) => digest)
      .filter((digest) => blobs.disk.lstatSync(blobs.layout.blob(digest)) === undefined)
    counters.removed(stale)
    await index.deleteBlobs(stale)
  }
}
