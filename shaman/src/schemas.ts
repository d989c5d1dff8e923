import { type Static, Type } from 'typebox'

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

/** Most files one request may name. */
export const maxFilesPerRequest = 200_000

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

/** Media type of 40-byte records: SHA-256, then the size as a big-endian 64-bit number. */
export const digestListType = 'application/vnd.shaman.digests'

/** How a status is written in the answer to a digest list. */
export const statusBytes = { unknown: 0, uploading: 1, stored: 2 } as const

/** A line of the answer to a tar batch. */
export type BatchLine =
  | { sha: string; size: number; status: 201 | 208 }
  | { name: string; status: number; message: string }
  | { durable: boolean; count: number }
  | { error: ShamanProblem }
