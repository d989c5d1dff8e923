import { type Static, Type } from 'typebox'
import { maxFilesPerRequest } from './wire.ts'

/** Lower-case hexadecimal SHA-256. */
export const Sha = Type.String({
  pattern: '^[0-9a-f]{64}$',
  description: 'SHA-256 in lower-case hex',
})
const Size = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })

/** Flamenco's words for where a blob stands. */
export const ShamanFileStatus = Type.Union([
  Type.Literal('unknown'),
  Type.Literal('uploading'),
  Type.Literal('stored'),
])
export type ShamanFileStatus = Static<typeof ShamanFileStatus>

/** One file of a checkout: its digest and its path. */
export const ShamanFileSpec = Type.Object({ sha: Sha, size: Size, path: Type.String() })
export type ShamanFileSpec = Static<typeof ShamanFileSpec>

export const ShamanFileSpecWithStatus = Type.Object({
  sha: Sha,
  size: Size,
  path: Type.String(),
  status: ShamanFileStatus,
})
export type ShamanFileSpecWithStatus = Static<typeof ShamanFileSpecWithStatus>

export const ShamanRequirementsRequest = Type.Object({
  files: Type.Array(ShamanFileSpec, { maxItems: maxFilesPerRequest }),
})
export type ShamanRequirementsRequest = Static<typeof ShamanRequirementsRequest>

export const ShamanRequirementsResponse = Type.Object({
  files: Type.Array(ShamanFileSpecWithStatus),
})
export type ShamanRequirementsResponse = Static<typeof ShamanRequirementsResponse>

export const ShamanCheckout = Type.Object({
  files: Type.Array(ShamanFileSpec, { maxItems: maxFilesPerRequest }),
  checkoutPath: Type.String(),
})
export type ShamanCheckout = Static<typeof ShamanCheckout>

export const ShamanCheckoutResult = Type.Object({ checkoutPath: Type.String() })
export type ShamanCheckoutResult = Static<typeof ShamanCheckoutResult>

export const ShamanSingleFileStatus = Type.Object({ status: ShamanFileStatus })
export type ShamanSingleFileStatus = Static<typeof ShamanSingleFileStatus>

/** Flamenco's error body, with our stable code and hint beside it. */
export const ShamanProblem = Type.Object({
  code: Type.Integer({ description: 'the HTTP status' }),
  message: Type.String(),
  error_code: Type.Optional(Type.String({ description: 'stable, upper case' })),
  hint: Type.Optional(Type.String()),
})
export type ShamanProblem = Static<typeof ShamanProblem>

/** What a server of ours can do beyond Flamenco's four operations. */
export const Capabilities = Type.Object({
  server: Type.String({ description: 'new with every start' }),
  store: Type.String(),
  durability: Type.Union([Type.Literal('full'), Type.Literal('batch'), Type.Literal('none')]),
  leaseSeconds: Type.Integer(),
  limits: Type.Object({
    filesPerRequest: Type.Integer(),
    batchBytes: Type.Integer(),
    batchFiles: Type.Integer(),
    batchFileBytes: Type.Integer(),
  }),
  links: Type.Object({ strategy: Type.String(), reason: Type.String() }),
  features: Type.Array(Type.String()),
  reflink: Type.Boolean({ description: 'splices share unchanged blocks with their base' }),
})
export type Capabilities = Static<typeof Capabilities>

/** A checkout as lists show it. */
export const CheckoutInfo = Type.Object({
  path: Type.String(),
  created: Type.String({ format: 'date-time' }),
  files: Type.Integer(),
  bytes: Type.Integer({ description: 'sum of its distinct blobs' }),
  uploadedFiles: Type.Integer(),
  uploadedBytes: Type.Integer({ description: 'arrived for this checkout' }),
  sharedBytes: Type.Integer({ description: 'also referenced by other checkouts' }),
  exclusiveBytes: Type.Integer({ description: 'freed if this checkout alone goes' }),
  pinned: Type.Boolean(),
})
export type CheckoutInfo = Static<typeof CheckoutInfo>

export const CheckoutManifest = Type.Object({
  path: Type.String(),
  created: Type.String({ format: 'date-time' }),
  pinned: Type.Boolean(),
  files: Type.Array(ShamanFileSpec),
})
export type CheckoutManifest = Static<typeof CheckoutManifest>

/** A store in numbers. */
export const StoreStats = Type.Object({
  blobs: Type.Integer(),
  bytes: Type.Integer(),
  checkouts: Type.Integer(),
  referencedBlobs: Type.Integer(),
  referencedBytes: Type.Integer(),
  uploading: Type.Integer(),
  pinned: Type.Integer(),
  leased: Type.Integer(),
  freeBytes: Type.Integer(),
  durability: Type.String(),
})
export type StoreStats = Static<typeof StoreStats>

/** How large a store was over time; the last sample is of now. */
export const StoreSizes = Type.Object({
  samples: Type.Array(
    Type.Object({
      at: Type.String({ format: 'date-time' }),
      bytes: Type.Integer(),
      referencedBytes: Type.Integer(),
      freeBytes: Type.Integer(),
    }),
  ),
  daysToFull: Type.Optional(
    Type.Integer({
      description:
        'if it goes on as in the last 30 days; known from 3 days on, absent when it does not shrink',
    }),
  ),
})
export type StoreSizes = Static<typeof StoreSizes>

/** What each checkout stands for on the disk. */
export const CheckoutShares = Type.Object({
  at: Type.String({ format: 'date-time' }),
  checkouts: Type.Array(
    Type.Object({
      path: Type.String(),
      share: Type.Integer({ description: 'bytes of its blobs, each divided among its holders' }),
    }),
  ),
})
export type CheckoutShares = Static<typeof CheckoutShares>

/** A line of the answer to a tar batch. */
export type BatchLine =
  | { sha: string; size: number; status: 201 | 208 }
  /** In a brief answer: entries of the stream that follow each other, the first counted from 0. */
  | { first: number; count: number; status: 201 | 208 }
  | { name: string; status: number; message: string }
  | { durable: boolean; count: number }
  | { error: ShamanProblem }

/** A number of blobs and their bytes. */
export const BlobCount = Type.Object({ blobs: Type.Integer(), bytes: Type.Integer() })
export type BlobCount = Static<typeof BlobCount>

/** Why a blob is kept. */
export const BlobWhy = Type.Object({
  where: Type.Union([Type.Literal('store'), Type.Literal('trash'), Type.Literal('nowhere')]),
  checkouts: Type.Array(Type.String()),
  keptBy: Type.Array(
    Type.Union([
      Type.Literal('referenced'),
      Type.Literal('foreign'),
      Type.Literal('pinned'),
      Type.Literal('leased'),
      Type.Literal('recent'),
    ]),
    { description: 'as in a plan; when empty, the next collection by age takes it' },
  ),
  lastUse: Type.Optional(Type.String({ format: 'date-time' })),
})
export type BlobWhy = Static<typeof BlobWhy>

/** What to collect. */
export const GcRequest = Type.Object({
  maxAgeSeconds: Type.Optional(Type.Number({ minimum: 0 })),
  targetFreeBytes: Type.Optional(Type.Number({ minimum: 0 })),
  erase: Type.Optional(Type.Array(Type.String(), { maxItems: 10_000 })),
})
export type GcRequest = Static<typeof GcRequest>

/** What a collection would do, and why the rest stays. */
export const GcPlan = Type.Object({
  id: Type.String(),
  created: Type.String({ format: 'date-time' }),
  total: BlobCount,
  kept: Type.Object({
    referenced: BlobCount,
    foreign: BlobCount,
    pinned: BlobCount,
    leased: BlobCount,
    recent: BlobCount,
  }),
  removed: BlobCount,
  remaining: BlobCount,
  referencedBy: Type.Array(
    Type.Object({
      path: Type.String(),
      bytes: Type.Integer(),
      exclusiveBytes: Type.Integer(),
    }),
  ),
  erase: Type.Array(Type.String()),
  warning: Type.Optional(Type.String()),
})
export type GcPlan = Static<typeof GcPlan>

/** What a collection did; `epoch` names it for undo. */
export const GcResult = Type.Object({
  epoch: Type.String(),
  removed: BlobCount,
  spared: BlobCount,
  erased: Type.Array(Type.String()),
})
export type GcResult = Static<typeof GcResult>

/** A collection that can still be undone. */
export const TrashEpoch = Type.Object({
  epoch: Type.String(),
  at: Type.String({ format: 'date-time' }),
  blobs: Type.Integer(),
  bytes: Type.Integer(),
})
export type TrashEpoch = Static<typeof TrashEpoch>

/** How far a scrub is; `finished` is absent until every blob has been read. */
export const ScrubStatus = Type.Object({
  running: Type.Boolean(),
  started: Type.Optional(Type.String({ format: 'date-time' })),
  finished: Type.Optional(Type.String({ format: 'date-time' })),
  blobs: Type.Integer(),
  bytes: Type.Integer(),
  damaged: Type.Integer(),
})
export type ScrubStatus = Static<typeof ScrubStatus>

/** A damaged blob, set aside. */
export const QuarantinedBlob = Type.Object({
  sha: Sha,
  size: Size,
  at: Type.String({ format: 'date-time' }),
  reason: Type.String(),
  checkouts: Type.Array(Type.String()),
})
export type QuarantinedBlob = Static<typeof QuarantinedBlob>

const DigestSchema = Type.Object({ sha: Sha, size: Size })

/** How one checkout became another. */
export const CheckoutDiff = Type.Object({
  added: Type.Array(Type.Object({ path: Type.String(), size: Size })),
  removed: Type.Array(Type.Object({ path: Type.String(), size: Size })),
  changed: Type.Array(
    Type.Object({ path: Type.String(), before: DigestSchema, after: DigestSchema }),
  ),
  moved: Type.Array(Type.Object({ from: Type.String(), to: Type.String(), size: Size })),
  unchanged: Type.Integer(),
  newBytes: Type.Integer(),
})
export type CheckoutDiff = Static<typeof CheckoutDiff>

/** What a look at names and sizes found. */
export const FsckReport = Type.Object({
  blobs: Type.Integer(),
  checkouts: Type.Integer(),
  problems: Type.Array(
    Type.Object({
      kind: Type.String(),
      path: Type.String(),
      checkout: Type.Optional(Type.String()),
    }),
  ),
  omitted: Type.Integer(),
  repaired: Type.Integer(),
})
export type FsckReport = Static<typeof FsckReport>
