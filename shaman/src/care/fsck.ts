import { readdir } from 'node:fs/promises'
import type { FileBlobStore } from '../blobs/file-blob-store.ts'
import type { CheckoutCatalog } from '../checkouts/catalog.ts'
import type { Counters } from '../counters.ts'
import type { Digest } from '../digest.ts'
import { nextTurn } from '../disk.ts'
import type { BlobRecord, IndexDb } from '../index-db.ts'
import { distinctDigests } from '../manifest.ts'
import type { Quarantine } from './quarantine.ts'

/** What a look at names and sizes found; no blob is read. */
export interface FsckReport {
  blobs: number
  checkouts: number
  problems: FsckProblem[]
  /** More problems than are listed. */
  omitted: number
  repaired: number
}

/** Something that is not as it should be. */
export interface FsckProblem {
  kind:
    | 'not-indexed'
    | 'only-indexed'
    | 'wrong-size'
    | 'missing-blob'
    | 'checkout-gone'
    | 'manifest-unreadable'
  path: string
  /** The checkout a missing blob breaks. */
  checkout?: string
}

const maxListed = 1000
const sliceLength = 128

/** Compares store, index and checkouts; with `repair`, mends what can be mended without losing anything. */
export async function checkStore(
  parts: {
    store: FileBlobStore
    index: IndexDb
    catalog: CheckoutCatalog
    quarantine: Quarantine
    counters: Counters
    now: () => number
  },
  options: { repair: boolean },
): Promise<FsckReport> {
  const { store, index, catalog } = parts
  const { layout, disk } = store
  const report: FsckReport = { blobs: 0, checkouts: 0, problems: [], omitted: 0, repaired: 0 }
  const tell = (problem: FsckProblem): void => {
    if (report.problems.length < maxListed) report.problems.push(problem)
    else report.omitted += 1
  }
  await checkBlobs()
  await checkIndex()
  await checkCheckouts()
  for (const path of catalog.unreadable) tell({ kind: 'manifest-unreadable', path })
  return report

  async function checkBlobs(): Promise<void> {
    for await (const digest of store.list()) {
      report.blobs += 1
      if (report.blobs % sliceLength === 0) await nextTurn()
      const path = layout.blob(digest)
      const stats = disk.lstatSync(path)
      if (!stats) continue
      if (stats.size !== digest.size) {
        tell({ kind: 'wrong-size', path })
        if (options.repair && (await parts.quarantine.add(digest, stats.ino, 'wrong size'))) {
          report.repaired += 1
        }
      } else if (index.getBlob(digest) === undefined && !store.committer.isSettling(digest)) {
        tell({ kind: 'not-indexed', path })
        if (options.repair) await addToIndex(digest, stats.mtimeMs)
      }
    }
  }

  async function addToIndex(digest: Digest, storedMs: number): Promise<void> {
    const record: BlobRecord = {
      storedAt: Math.floor(storedMs / 1000),
      lastUse: Math.floor(parts.now() / 1000),
      verifiedAt: 0,
    }
    await index.putBlobs([[digest, record]])
    parts.counters.found([digest])
    report.repaired += 1
  }

  async function checkIndex(): Promise<void> {
    for await (const page of index.blobs()) {
      const gone = page
        .map(([digest]) => digest)
        .filter((digest) => disk.lstatSync(layout.blob(digest)) === undefined)
      for (const digest of gone) tell({ kind: 'only-indexed', path: layout.blob(digest) })
      if (!options.repair) continue
      parts.counters.removed(gone)
      await index.deleteBlobs(gone)
      report.repaired += gone.length
    }
  }

  async function checkCheckouts(): Promise<void> {
    for (const { path } of catalog.list()) {
      report.checkouts += 1
      if (!(await exists(`${layout.jobs}/${path}`))) {
        tell({ kind: 'checkout-gone', path: `${layout.jobs}/${path}`, checkout: path })
      }
      const { files } = await catalog.manifest(path)
      for (const [i, digest] of distinctDigests(files).entries()) {
        if (i % sliceLength === sliceLength - 1) await nextTurn()
        if (store.isStored(digest)) continue
        tell({ kind: 'missing-blob', path: layout.blob(digest), checkout: path })
      }
    }
  }

  async function exists(dir: string): Promise<boolean> {
    return await readdir(dir).then(
      () => true,
      () => false,
    )
  }
}
