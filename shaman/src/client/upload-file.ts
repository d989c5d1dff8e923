import type { Digest } from '../digest.ts'
import { readPieces } from '../file-reader.ts'

/** One file to submit: where it goes in the checkout, what it is, and where its bytes are. */
export interface UploadFile {
  /** POSIX path inside the checkout. */
  path: string
  digest: Digest
  source: { file: string } | { bytes: Uint8Array }
}

/** What an upload did. */
export interface UploadReceipt {
  /** Files given, and their bytes. */
  files: number
  bytes: number
  /** Distinct contents that were sent. */
  uploadedFiles: number
  uploadedBytes: number
  /** Bytes of all request bodies. */
  wireBytes: number
  /** Distinct contents that did not have to be sent. */
  storedFiles: number
  storedBytes: number
  /** Without the one that makes the checkout. */
  requests: number
  durationMs: number
}

/** The bytes of some files. */
export function bytesOf(files: readonly UploadFile[]): number {
  return files.reduce((sum, file) => sum + file.digest.size, 0)
}

/** A source's bytes from an offset on, in pieces of up to 1 MiB that are good until the next is asked for. */
export async function* readSource(
  source: UploadFile['source'],
  start = 0,
): AsyncGenerator<Uint8Array> {
  if ('bytes' in source) {
    if (source.bytes.byteLength > start) yield source.bytes.subarray(start)
    return
  }
  yield* readPieces(source.file, start)
}
