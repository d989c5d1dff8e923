import { join } from 'node:path'
import type { Digest } from './digest.ts'

/** Version of the directory layout below, kept in the sentinel. */
export const layoutVersion = 1

/** Prefix of a checkout that is being made; never a published name. */
export const stagingPrefix = '.staging-'

/**
 * Every path of a store. Nothing else joins store paths.
 *
 * `stored/ab/<62 hex>/<size>.blob` is Flamenco's layout, so that its stores are adopted in place. Everything unfinished
 * lives in sibling directories under names that can never be taken for a blob.
 */
export interface Layout {
  readonly root: string
  readonly fileStore: string
  readonly jobs: string
  readonly stored: string
  readonly uploading: string
  readonly partial: string
  readonly manifests: string
  readonly trash: string
  readonly quarantine: string
  readonly sentinel: string
  /** The record of the store's size over time. */
  readonly sizes: string
  readonly ownerLock: string
  shard(digest: Digest): string
  blobDir(digest: Digest): string
  blob(digest: Digest): string
  manifest(seq: number): string
}

/** The layout of the store under a storage root. */
export function layoutOf(root: string): Layout {
  const fileStore = join(root, 'file-store')
  const stored = join(fileStore, 'stored')
  const manifests = join(fileStore, 'manifests')
  // Hot: three joins per blob would cost more than the system calls they name.
  const shard = (digest: Digest): string => `${stored}/${digest.sha.slice(0, 2)}`
  const blobDir = (digest: Digest): string => `${shard(digest)}/${digest.sha.slice(2)}`
  return {
    root,
    fileStore,
    jobs: join(root, 'jobs'),
    stored,
    uploading: join(fileStore, 'uploading'),
    partial: join(fileStore, 'partial'),
    manifests,
    trash: join(fileStore, 'trash'),
    quarantine: join(fileStore, 'quarantine'),
    sentinel: join(fileStore, 'store.json'),
    sizes: join(fileStore, 'sizes.json'),
    ownerLock: join(fileStore, 'owner.lock'),
    shard,
    blobDir,
    blob: (digest) => `${blobDir(digest)}/${digest.size}.blob`,
    manifest: (seq) => join(manifests, `${String(seq).padStart(12, '0')}.mf`),
  }
}

/** The same with all that is renamed from or to a blob's place within `stored/`, under names that no shard can have. */
export function unfinishedBesideBlobs(layout: Layout): Layout {
  const beside = (name: string): string => join(layout.stored, `.${name}`)
  return {
    ...layout,
    uploading: beside('uploading'),
    partial: beside('partial'),
    trash: beside('trash'),
    quarantine: beside('quarantine'),
  }
}

/** The digest a stored blob's path tells (its last three parts), or undefined. */
export function digestFromBlobPath(path: string): Digest | undefined {
  const match = /(?:^|[/\\])([0-9a-f]{2})[/\\]([0-9a-f]{62})[/\\](0|[1-9]\d{0,15})\.blob$/.exec(
    path,
  )
  if (!match) return undefined
  const size = Number(match[3])
  return Number.isSafeInteger(size) ? { sha: `${match[1]}${match[2]}`, size } : undefined
}
