import { blockBytes, decodeTarHeader, malformed, paddingOf } from './header.ts'

/** An entry read whole; `bytes` is undefined when it was longer than allowed, or no regular file, and was skipped. */
export interface TarEntry {
  name: string
  size: number
  bytes: Buffer | undefined
}

/**
 * Reads the entries of a tar stream of small files, each into memory. Takes a strict subset of ustar: 3-5 times as fast as
 * a general reader at 4 KiB an entry, and nothing in it can ask for more than `maxEntryBytes`.
 */
export async function* parseTar(
  chunks: AsyncIterable<Buffer>,
  options: { maxEntryBytes: number },
): AsyncGenerator<TarEntry> {
  const window = createWindow()
  let isOver = false
  for await (const chunk of chunks) {
    window.push(chunk)
    while (!isOver) {
      const entry = window.next(options.maxEntryBytes)
      if (entry === 'more') break
      if (entry === 'end') isOver = true
      else yield entry
    }
    // What follows the end mark is padding; it is read and dropped so that the answer is seen.
    if (isOver) window.drop()
  }
  if (!isOver) throw malformed('it ends too early')
}

interface Window {
  push(chunk: Buffer): void
  next(maxEntryBytes: number): TarEntry | 'more' | 'end'
  drop(): void
}

function createWindow(): Window {
  let buffer: Buffer = Buffer.alloc(0)
  let at = 0
  let header: { name: string; size: number; isFile: boolean } | undefined
  let skip = 0

  return {
    push(chunk) {
      buffer = at === buffer.length ? chunk : Buffer.concat([buffer.subarray(at), chunk])
      at = 0
    },
    next(maxEntryBytes) {
      if (!consumeSkip()) return 'more'
      if (!header) {
        if (buffer.length - at < blockBytes) return 'more'
        const decoded = decodeTarHeader(buffer.subarray(at, at + blockBytes))
        at += blockBytes
        if (!decoded) return 'end'
        header = decoded
      }
      const { name, size, isFile } = header
      if (size > maxEntryBytes || !isFile) {
        skip = size + paddingOf(size)
        header = undefined
        return { name, size, bytes: undefined }
      }
      const whole = size + paddingOf(size)
      if (buffer.length - at < whole) return 'more'
      const bytes = buffer.subarray(at, at + size)
      at += whole
      header = undefined
      return { name, size, bytes }
    },
    drop() {
      at = buffer.length
    },
  }

  function consumeSkip(): boolean {
    const step = Math.min(skip, buffer.length - at)
    at += step
    skip -= step
    return skip === 0
  }
}
