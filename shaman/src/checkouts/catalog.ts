import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import type { Logger } from 'pino'
import type { Digest } from '../digest.ts'
import { nextTurn, removeQuietly } from '../disk.ts'
import type { IndexDb } from '../index-db.ts'
import {
  distinctDigests,
  type Manifest,
  type ManifestFile,
  type ManifestHeader,
} from '../manifest.ts'
import type { ReferenceTable } from '../references.ts'
import { createManifestFiles, type ManifestFilesParts } from './manifest-files.ts'

/** A checkout as lists show it. */
export interface CheckoutSummary {
  seq: number
  path: string
  /** The path that was asked for, before a suffix. */
  requested: string
  created: number
  files: number
  bytes: number
  uploadedFiles: number
  uploadedBytes: number
  pinned: boolean
}

/** All checkouts of a store: their manifests on disk, their summaries in memory. */
export interface CheckoutCatalog {
  /** Reads every manifest's header; what was never published is removed. */
  load(): Promise<void>
  /** Reads what the manifests reference; takes a second per million or so, beside requests. */
  loadReferences(): Promise<void>
  add(draft: CheckoutDraft): Promise<CheckoutSummary>
  /** Gives a draft another path, durably. */
  move(seq: number, path: string): Promise<void>
  /** Lists a draft as published, of blobs with these digests; called in the turn that renamed its directory. */
  publish(seq: number, digests: readonly Digest[]): CheckoutSummary
  remove(seq: number): Promise<void>
  pin(path: string, pinned: boolean): Promise<CheckoutSummary>
  get(path: string): CheckoutSummary | undefined
  /** The published checkout that a request made, by what {@link requestOf} tells of it. */
  madeBy(request: string): CheckoutSummary | undefined
  bySeq(seq: number): CheckoutSummary | undefined
  list(): CheckoutSummary[]
  manifest(path: string): Promise<Manifest>
  /** Resolves when all references are indexed. */
  idle(): Promise<void>
  /** Manifests that could not be read; GC refuses to run while there is one. */
  readonly unreadable: readonly string[]
}

/** A checkout before it has a number. */
export interface CheckoutDraft {
  path: string
  staging: string
  files: readonly ManifestFile[]
  digests: readonly Digest[]
  request?: string | undefined
  /** Makes the staging directory durable; the manifest, which says that it was made, gets its name no sooner. */
  makeDurable(): Promise<void>
}

/** What {@link createCatalog} works with. */
export interface CatalogParts extends ManifestFilesParts {
  index: IndexDb
  references: ReferenceTable
  log: Logger
  now: () => number
  /** Which of these arrived by upload and were not yet counted for a checkout. */
  claimArrivals(digests: readonly Digest[]): Digest[]
}

interface Entry {
  summary: CheckoutSummary
  header: ManifestHeader
}

/** Creates the catalog; call `load` before anything else. */
export function createCatalog(parts: CatalogParts): CheckoutCatalog {
  const { layout, disk, index, references, log } = parts
  const manifests = createManifestFiles(parts)
  const byPath = new Map<string, Entry>()
  const bySeq = new Map<number, Entry>()
  const byRequest = new Map<string, Entry>()
  const unreadable: string[] = []
  let nextSeq = 1
  let indexing: Promise<void> = Promise.resolve()
  let referencesLoaded: Promise<void> = Promise.resolve()

  return {
    load,
    loadReferences,
    async add({ path, staging, files, digests, request, makeDurable }) {
      const seq = nextSeq
      nextSeq += 1
      const fresh = parts.claimArrivals(digests)
      const header: ManifestHeader = {
        seq,
        path,
        created: parts.now(),
        staging,
        pinned: false,
        files: files.length,
        bytes: totalBytes(digests),
        uploadedFiles: fresh.length,
        uploadedBytes: totalBytes(fresh),
        ...(request !== undefined && { request }),
      }
      await manifests.write({ header, files }, makeDurable)
      references.add(seq, digests)
      const entry = { header, summary: summarise(header) }
      bySeq.set(seq, entry)
      return entry.summary
    },
    async move(seq, path) {
      const entry = bySeq.get(seq)!
      const { files } = await manifests.read(seq)
      entry.header = { ...entry.header, path }
      entry.summary = { ...entry.summary, path }
      await manifests.write({ header: entry.header, files })
    },
    publish(seq, digests) {
      const entry = bySeq.get(seq)!
      list(entry)
      indexing = indexing.then(() => indexReferences(seq, digests))
      return entry.summary
    },
    async remove(seq) {
      const entry = bySeq.get(seq)
      if (!entry) return
      // What is taken out of the table must have been put in.
      await referencesLoaded
      const digests = distinctDigests((await manifests.read(seq)).files)
      await manifests.remove(seq)
      if (byPath.get(entry.summary.path) === entry) byPath.delete(entry.summary.path)
      byRequest.delete(entry.header.request ?? '')
      bySeq.delete(seq)
      references.remove(seq, digests)
      await indexing
      await index.removeReferences(seq, digests)
    },
    async pin(path, pinned) {
      const entry = byPath.get(path)!
      const { files } = await manifests.read(entry.summary.seq)
      entry.header = { ...entry.header, pinned }
      await manifests.write({ header: entry.header, files })
      entry.summary = { ...entry.summary, pinned }
      return entry.summary
    },
    get: (path) => byPath.get(path)?.summary,
    madeBy: (request) => byRequest.get(request)?.summary,
    bySeq: (seq) => bySeq.get(seq)?.summary,
    list: () => Array.from(byPath.values(), (entry) => entry.summary),
    manifest: (path) => manifests.read(byPath.get(path)!.summary.seq),
    idle: () => indexing,
    unreadable,
  }

  function list(entry: Entry): void {
    byPath.set(entry.summary.path, entry)
    if (entry.header.request !== undefined) byRequest.set(entry.header.request, entry)
  }

  async function load(): Promise<void> {
    for (const dirent of await readdir(layout.manifests, { withFileTypes: true })) {
      await loadOne(dirent)
    }
  }

  async function loadOne(dirent: Dirent): Promise<void> {
    const path = `${layout.manifests}/${dirent.name}`
    if (dirent.name.endsWith('.tmp')) return removeQuietly(disk, path)
    if (!/^\d+\.mf$/.test(dirent.name)) return
    nextSeq = Math.max(nextSeq, Number.parseInt(dirent.name, 10) + 1)
    try {
      const header = await manifests.header(path)
      if (neverPublished(header)) return removeQuietly(disk, path)
      const entry = { header, summary: summarise(header) }
      bySeq.set(header.seq, entry)
      list(entry)
    } catch (error) {
      markUnreadable(path, error)
    }
  }

  async function loadReferences(): Promise<void> {
    const loading = Array.from(bySeq.keys())
    referencesLoaded = (async () => {
      for (const seq of loading) {
        await nextTurn()
        try {
          references.addRecords(seq, await manifests.records(seq))
        } catch (error) {
          markUnreadable(layout.manifest(seq), error)
        }
      }
    })()
    await referencesLoaded
  }

  function markUnreadable(path: string, error: unknown): void {
    unreadable.push(path)
    log.error({ manifest: path, err: error }, 'manifest unreadable')
  }

  /** The server stopped between writing the manifest and renaming the directory. */
  function neverPublished(header: ManifestHeader): boolean {
    return disk.lstatSync(`${layout.jobs}/${header.staging}`) !== undefined
  }

  // Only answers "who holds this blob"; what GC believes is the table above and the manifests.
  async function indexReferences(seq: number, digests: readonly Digest[]): Promise<void> {
    // Whoever asked for the checkout is on the way to its answer.
    await nextTurn()
    try {
      await index.addReferences(seq, digests)
    } catch (error) {
      log.warn({ err: error, seq }, 'references not indexed; rebuild restores them')
    }
  }
}

function summarise(header: ManifestHeader): CheckoutSummary {
  const { staging: _staging, request: _request, ...facts } = header
  return { ...facts, requested: header.path }
}

function totalBytes(digests: readonly Digest[]): number {
  return digests.reduce((sum, digest) => sum + digest.size, 0)
}
