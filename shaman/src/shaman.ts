import type { Logger } from 'pino'
import type { BlobStore } from './blobs/blob-store.ts'
import type { FileBlobStore } from './blobs/file-blob-store.ts'
import type { Partials } from './blobs/partials.ts'
import type { Threads } from './blobs/threads.ts'
import type { UploadsInFlight } from './blobs/uploads-in-flight.ts'
import type { Examine } from './care/examine.ts'
import type { Explanation } from './care/explain.ts'
import type { FsckReport } from './care/fsck.ts'
import type { Quarantine } from './care/quarantine.ts'
import type { Scrubber } from './care/scrub.ts'
import type { Shares } from './care/shares.ts'
import type { Sizes } from './care/sizes.ts'
import type { Unverified } from './care/unverified.ts'
import type { ManifestDiff } from './care/usage.ts'
import type { CheckoutCatalog } from './checkouts/catalog.ts'
import type { Checkouts } from './checkouts/checkouts.ts'
import type { LinkChoice, LinkStrategy } from './checkouts/link.ts'
import type { Claims } from './claims.ts'
import type { Counters, Totals } from './counters.ts'
import type { Digest } from './digest.ts'
import type { Disk } from './disk.ts'
import type { Collector } from './gc/collector.ts'
import type { IndexDb } from './index-db.ts'
import type { Layout } from './layout.ts'
import type { Places } from './places.ts'
import type { Protection } from './protection.ts'
import type { ReferenceTable } from './references.ts'
import type { Negotiator } from './requirements.ts'
import type { SpaceKeeper } from './space.ts'
import type { Durability } from './sync.ts'

/** How to open a store. */
export interface ShamanOptions {
  /** The storage root: holds `file-store/` and `jobs/`, and is what workers may mount. */
  root: string
  /** A directory on a local disk for the index; never on a share. */
  stateDir: string
  /** What an acknowledgement promises. Default `full`. */
  durability?: Durability
  /** How long a blob told to be stored is kept without a reference. Default 2 hours. */
  leaseMs?: number
  /** Bytes of the volume uploads may not use. */
  reserveBytes?: number
  /** Most bytes the blobs may take together. */
  quotaBytes?: number
  /** How checkouts stand for their blobs. Default: the best the volume can do. */
  links?: LinkStrategy
  /**
   * Keeps the bytes of all blobs in another store, such as object storage. What lies under `root` are then placeholders, and
   * checkouts are manifests, which workers fetch by. A root belongs to one such store for good; throws `STORE_ELSEWHERE`.
   */
  blobsIn?: BlobStore
  /** How many uploads of single files may run at once; each takes some MiB of memory. Default 256. */
  mostUploads?: number
  /** How long a request's body may stand still before its connection is closed. Default: a minute. */
  stallMs?: number
  log?: Logger
  now?: () => number
  /** The file-system calls; tests make them fail. */
  disk?: Disk
  /** What hashes and writes beside requests; tests make it fail. Default: threads, unless `disk` is not the real one. */
  threads?: Threads
}

/** An open store. */
export interface Shaman {
  readonly root: string
  /** Where checkouts lie: `<root>/jobs`. */
  readonly jobsDir: string
  /** New with every start; what was cached of another start's answers is void. */
  readonly serverId: string
  readonly storeId: string
  readonly durability: Durability
  readonly leaseMs: number
  readonly stallMs: number | undefined
  readonly links: LinkChoice
  readonly layout: Layout
  readonly log: Logger
  readonly blobs: FileBlobStore
  readonly checkouts: Checkouts
  readonly catalog: CheckoutCatalog
  readonly negotiator: Negotiator
  readonly inFlight: UploadsInFlight
  /** For uploads of single files. */
  readonly places: Places
  readonly claims: Claims
  readonly partials: Partials
  readonly protection: Protection
  readonly references: ReferenceTable
  readonly index: IndexDb
  readonly space: SpaceKeeper
  readonly counters: Counters
  readonly gc: Collector
  readonly scrubber: Scrubber
  readonly quarantine: Quarantine
  readonly unverified: Unverified
  readonly examine: Examine
  readonly now: () => number
  stats(): Promise<ShamanStats>
  readonly sizes: Sizes
  /** What each checkout stands for on the disk, as last counted. */
  shares(): Promise<Shares>
  /** Compares store, index and checkouts by name and size. */
  fsck(options?: { repair?: boolean }): Promise<FsckReport>
  /** Which checkouts hold a blob. */
  holders(digest: Digest): Promise<string[]>
  /** Why a blob is kept. */
  explain(digest: Digest): Promise<Explanation>
  diff(before: string, after: string): Promise<ManifestDiff>
  /** Recreates the index from the files. */
  rebuild(): Promise<Totals>
  /** Resolves when the index knows the whole store; requests are served before. */
  readonly ready: Promise<void>
  close(): Promise<void>
}

/** A store in numbers. */
export interface ShamanStats {
  blobs: number
  bytes: number
  checkouts: number
  referencedBlobs: number
  referencedBytes: number
  uploading: number
  pinned: number
  leased: number
  freeBytes: number
  durability: Durability
}
