import { type Digest, sameDigest } from '../digest.ts'
import type { ChunkedFile } from './chunk-and-hash.ts'

/** What one reading of each file told, until the file is sent. Whatever is given up is read again. */
export interface KeptFiles {
  /** Of a file that still has this digest. */
  of(file: string, digest: Digest): ChunkedFile | undefined
  keep(file: string, result: ChunkedFile): void
  forget(file: string): void
  /** Bytes held. */
  readonly bytes: number
}

/** A chunk's length and hash. */
const bytesPerChunk = 12
/** A file of which nothing but its digest is known. */
const leastBytes = 1024

/** Keeps as much as `mostBytes` hold; of more, what was read last. */
export function createKeptFiles(mostBytes: number): KeptFiles {
  const files = new Map<string, { result: ChunkedFile; bytes: number }>()
  let total = 0

  const kept: KeptFiles = {
    of(file, digest) {
      const result = files.get(file)?.result
      return result !== undefined && sameDigest(result.digest, digest) ? result : undefined
    },
    keep(file, result) {
      kept.forget(file)
      const bytes = bytesOf(result)
      files.set(file, { result, bytes })
      total += bytes
      for (const oldest of files.keys()) {
        if (total <= mostBytes) break
        kept.forget(oldest)
      }
    },
    forget(file) {
      total -= files.get(file)?.bytes ?? 0
      files.delete(file)
    },
    get bytes() {
      return total
    },
  }
  return kept
}

function bytesOf({ map, loose }: ChunkedFile): number {
  const chunks = map?.lengths.length ?? 0
  return leastBytes + chunks * bytesPerChunk + (loose?.bytes.length ?? 0)
}
