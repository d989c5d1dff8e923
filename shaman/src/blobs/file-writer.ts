import { createReadStream } from 'node:fs'
import { createHasher, type Digest } from '../digest.ts'
import { type Disk, writeAll } from '../disk.ts'
import type { Thread } from './threads.ts'

/**
 * Gathers what comes from a socket into few large writes, and keeps the digest of all of it; one write is on its way while the
 * next fills.
 */
export interface FileWriter {
  /** The open file to append to; may change between writes, as a long upload comes in several requests. */
  write(fd: number, chunk: Uint8Array): Promise<void>
  /** Resolves when all is written (not yet synced). */
  flush(fd: number): Promise<void>
  /** Counts the first bytes of a file in, which another process wrote. */
  resume(path: string, size: number): Promise<void>
  /** The digest of all bytes, when nothing is to follow. */
  finish(): Promise<Digest>
  /** Nothing is to follow, and nobody asks for the digest. */
  discard(): void
}

/** What hashes bytes and writes them. */
interface Drain {
  append(fd: number, bytes: Uint8Array): Promise<void>
  resume(path: string, size: number): Promise<void>
  finish(): Promise<string>
  allocate(size: number): Uint8Array
}

const bufferBytes = 1 << 20

/** What {@link createFileWriter} works with. */
export interface FileWriterOptions {
  disk: Disk
  /** What is going to be written, so that a small file takes a small buffer. */
  expectedBytes: number
  /** Hashes and writes in its stead; a file that is large enough is twice as fast so. */
  thread?: Thread | undefined
}

/**
 * Creates a writer. Chunks are copied: kept until a whole MiB is there, the 64 KiB pieces of a socket grow old, and
 * collecting them took three times as long as the copy does.
 */
export function createFileWriter({ disk, expectedBytes, thread }: FileWriterOptions): FileWriter {
  const drain = thread ? threadDrain(thread) : ownDrain(disk)
  const size = Math.max(1, Math.min(bufferBytes, expectedBytes))
  let filling: Uint8Array | undefined
  let spare: Uint8Array | undefined
  let filled = 0
  let written = 0
  let writing: Promise<void> = Promise.resolve()

  return {
    async write(fd, chunk) {
      let at = 0
      while (at < chunk.byteLength) {
        filling ??= drain.allocate(size)
        const step = Math.min(chunk.byteLength - at, size - filled)
        filling.set(chunk.subarray(at, at + step), filled)
        at += step
        filled += step
        if (filled === size) await send(fd)
      }
    },
    async flush(fd) {
      if (filled > 0) await send(fd)
      await writing
      // An upload may rest for days.
      filling = undefined
      spare = undefined
    },
    async resume(path, bytes) {
      await drain.resume(path, bytes)
      written += bytes
    },
    finish: async () => ({ sha: await drain.finish(), size: written }),
    discard() {
      drain.finish().catch(() => undefined)
    },
  }

  async function send(fd: number): Promise<void> {
    await writing
    const buffer = filling!
    written += filled
    writing = drain.append(fd, buffer.subarray(0, filled))
    // Told by the next write or flush; until then it must not count as unhandled.
    writing.catch(() => undefined)
    filling = spare
    spare = buffer
    filled = 0
  }
}

function ownDrain(disk: Disk): Drain {
  const hasher = createHasher()
  return {
    append(fd, bytes) {
      hasher.update(bytes)
      return writeAll(disk, fd, [bytes])
    },
    async resume(path, size) {
      const options = { end: size - 1, highWaterMark: bufferBytes }
      const bytes: AsyncIterable<Buffer> = createReadStream(path, options)
      for await (const chunk of bytes) hasher.update(chunk)
    },
    finish: async () => hasher.digest().sha,
    allocate: (size) => Buffer.allocUnsafeSlow(size),
  }
}

let streams = 0

function threadDrain(thread: Thread): Drain {
  streams += 1
  const stream = streams
  return {
    append: (fd, bytes) => thread.ask({ do: 'append', stream, fd, bytes }),
    resume: (path, size) => thread.ask({ do: 'read', stream, path, size }),
    finish: () => thread.ask({ do: 'finish', stream }),
    allocate: (size) => new Uint8Array(new SharedArrayBuffer(size)),
  }
}
