import { createReadStream } from 'node:fs'
import { allEnded } from '../all-ended.ts'
import { createHasher, type Digest } from '../digest.ts'
import { type Disk, writeAll } from '../disk.ts'
import { createAlignedMemory } from './aligned-memory.ts'
import { type AppendFile, blockBytes, openToAppend } from './append-file.ts'
import type { Threads } from './threads.ts'

/** Gathers what comes into few large writes, and keeps the digest of all of it; some are on their way while the next fills. */
export interface FileWriter {
  /** Opens a file that it is going to write to. */
  open(path: string, options: { flags: number; mode: number }): AppendFile
  /** The open file to append to may change between writes, as a long upload comes in several requests. */
  write(file: AppendFile, chunk: Uint8Array): Promise<void>
  /**
   * As {@link FileWriter.write}, of bytes that need no memory of their own: `read` puts at least one into the target, from
   * an offset of the `length` on, and tells how many.
   */
  fill(file: AppendFile, length: number, read: ReadInto): Promise<void>
  /** Resolves when all is written (not yet synced). */
  flush(file: AppendFile): Promise<void>
  /** As {@link FileWriter.flush}, of all but what fills no buffer yet; resolves to the length of the file so far. */
  flushWhole(): Promise<number>
  /** Counts the first bytes of a file in, which another process wrote. */
  resume(path: string, size: number): Promise<void>
  /** The digest of all bytes, when nothing is to follow. */
  finish(): Promise<Digest>
  /** Nothing is to follow, and nobody asks for the digest. Only once it resolves may the file be closed. */
  discard(): Promise<void>
}

/** Reads into a target; resolves to the number of bytes. */
export type ReadInto = (target: Uint8Array, offset: number) => Promise<number>

/** What hashes bytes and writes them. */
interface Drain {
  /** Settles when the bytes are not needed any more. Nothing is written after a write that failed. */
  append(file: AppendFile, bytes: Uint8Array): Promise<void>
  resume(path: string, size: number): Promise<void>
  finish(): Promise<string>
  allocate(size: number): Uint8Array
  /** Takes back what was allocated, when nothing reads it any more. */
  giveBack(bytes: Uint8Array): void
}

const bufferBytes = 1 << 20
/** Buffers on their way; one more is being filled. */
const mostRunning = 2
const memory = createAlignedMemory(bufferBytes, 64)

/** What {@link createFileWriter} works with. */
export interface FileWriterOptions {
  disk: Disk
  /** What is going to be written, so that a small file takes a small buffer. */
  expectedBytes: number
  /** They hash and write in its stead, one beside the other; of a file that is large enough. */
  threads?: Threads | undefined
}

/**
 * Creates a writer. Chunks are copied: kept until a whole MiB is there, the 64 KiB pieces of a socket grow old, and
 * collecting them took three times as long as the copy does.
 */
export function createFileWriter({ disk, expectedBytes, threads }: FileWriterOptions): FileWriter {
  const drain = threads ? threadDrain(threads) : ownDrain(disk)
  const size = Math.max(1, Math.min(bufferBytes, expectedBytes))
  let filling: Uint8Array | undefined
  let filled = 0
  let written = 0
  const running: { buffer: Uint8Array; done: Promise<void> }[] = []

  const writer: FileWriter = {
    open: (path, options) =>
      openToAppend(disk, path, { ...options, isLarge: threads !== undefined }),
    write: (file, chunk) =>
      writer.fill(file, chunk.byteLength, async (target, offset) => {
        target.set(chunk.subarray(offset, offset + target.byteLength))
        return target.byteLength
      }),
    async fill(file, length, read) {
      for (let done = 0; done < length; ) {
        filling ??= running.length < mostRunning ? drain.allocate(size) : await oldest()
        const most = untilBlock()
        const room = Math.min(length - done, most - filled)
        const got = await read(filling.subarray(filled, filled + room), done)
        done += got
        filled += got
        if (filled === most) send(file)
      }
    },
    async flush(file) {
      if (filled > 0) send(file)
      await writer.flushWhole()
      // An upload may rest for days.
      if (filling) drain.giveBack(filling)
      filling = undefined
    },
    async flushWhole() {
      while (running.length > 0) drain.giveBack(await oldest())
      return written
    },
    async resume(path, bytes) {
      await drain.resume(path, bytes)
      written += bytes
    },
    finish: async () => ({ sha: await drain.finish(), size: written }),
    async discard() {
      drain.finish().catch(() => undefined)
      await Promise.allSettled(running.map(({ done }) => done))
      for (const { buffer } of running.splice(0)) drain.giveBack(buffer)
      if (filling) drain.giveBack(filling)
      filling = undefined
    },
  }
  return writer

  /** After a part of a block the next buffer ends with one, so that whole blocks follow. */
  function untilBlock(): number {
    return size === bufferBytes ? size - (written % blockBytes) : size
  }

  function send(file: AppendFile): void {
    const buffer = filling!
    const done = drain.append(file, buffer.subarray(0, filled))
    // Told by the next write or flush; until then it must not count as unhandled.
    done.catch(() => undefined)
    running.push({ buffer, done })
    filling = undefined
    written += filled
    filled = 0
  }

  /** The buffer that went first, once it is free. One that failed stays first, and so fails all that comes after. */
  async function oldest(): Promise<Uint8Array> {
    await running[0]!.done
    return running.shift()!.buffer
  }
}

function ownDrain(disk: Disk): Drain {
  const hasher = createHasher()
  return {
    append({ fd }, bytes) {
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
    giveBack() {},
  }
}

let streams = 0

/** One thread hashes all, in order; whichever is idle writes. */
function threadDrain(threads: Threads): Drain {
  streams += 1
  const stream = streams
  const hasher = threads.pick()
  let writing: Promise<unknown> = Promise.resolve()
  return {
    async append({ fd, directFd }, bytes) {
      const hashed = hasher.ask({ do: 'hash', stream, bytes })
      const direct = bytes.byteLength % blockBytes === 0 ? directFd : undefined
      const wrote = writing.then(() => threads.pick().ask({ do: 'append', fd, direct, bytes }))
      writing = wrote
      await allEnded([wrote, hashed])
    },
    resume: (path, size) => hasher.ask({ do: 'read', stream, path, size }),
    finish: () => hasher.ask({ do: 'finish', stream }),
    allocate: (size) =>
      (size === memory.pieceBytes && memory.take()) || new Uint8Array(new SharedArrayBuffer(size)),
    giveBack: (bytes) => memory.giveBack(bytes),
  }
}
