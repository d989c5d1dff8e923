import type { Readable } from 'node:stream'
import type { Digest } from '../digest.ts'

/** Whether a put added the blob or found it there. */
export type PutOutcome = 'stored' | 'already-stored'

/** What became of one of several that were put at once: the outcome, or why there is none. */
export type PutResult = PutOutcome | Error

/** The outcome of a put; throws why there is none. */
export function outcomeOf(result: PutResult): PutOutcome {
  if (result instanceof Error) throw result
  return result
}

/** A part of a blob: from the first to the last byte, both included. */
export interface ByteRange {
  first: number
  last: number
}

/**
 * Blobs by digest. What an implementation promises is written down as tests: `@shaman-farm/shaman/conformance`.
 */
export interface BlobStore {
  readonly kind: string
  /** Where it is, as a person would look for it. A store that is another has another. */
  readonly place: string
  /** Whether the whole blob is here. A blob of the wrong size counts as absent. */
  has(digest: Digest): Promise<boolean>
  /**
   * Stores bytes under their digest. Nothing is visible before size and SHA-256 have been compared; resolves once the
   * blob is as durable as the store promises. Rejects with `BLOB_SIZE_MISMATCH` or `BLOB_DIGEST_MISMATCH`.
   */
  put(digest: Digest, bytes: AsyncIterable<Uint8Array>): Promise<PutOutcome>
  /** A stream of a blob, or of a part; rejects with `BLOB_MISSING`. */
  open(digest: Digest, range?: ByteRange): Promise<Readable>
  /** Removes a blob; false when it was not there. */
  delete(digest: Digest): Promise<boolean>
  /** Every blob, in no promised order. */
  list(): AsyncIterable<Digest>
}
