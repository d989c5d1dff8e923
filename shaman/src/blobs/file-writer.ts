import { createReadStream } from 'node:fs'
import { allEnded } from '../all-ended.ts'
import { copyBytes } from '../copy-bytes.ts'
import { createHasher, type Digest } from '../digest.ts'
import { type Disk, writeAll } from '../disk.ts'
import { createAlignedMemory } from './aligned-memory.ts'
import { type AppendFile, blockBytes, openToAppend } from './append-file.ts'
import type { SharedBytes } from './thread-messages.ts'
import type { Thread, Threads } from './threads.ts'

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
export type ReadInto = (target: Buffer, offset: number) => Promise<number>

/** What hashes bytes and writes them. */
interface Drain {
  /** Settles when the bytes are not needed any more. Nothing is written after a write that failed. */
  append(file: AppendFile, bytes: Uint8Array): Promise<void>
  resume(path: string, size: number): Promise<void>
  finish(): Promise<string>
  allocate(size: number): Buffer
  /** Takes back what was allocated, when nothing reads it any more. */
  giveBack(bytes: Buffer): void
}

const bufferBytes = 1 << 20
/** Buffers on their way; one more is being filled. */
const mostRunning = 3
const memory = createAlignedMemory(bufferBytes, 64)
/** What most pieces of a socket are answered with: they have their place already. */
const taken = Promise.resolve()

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
  let filling: Buffer | undefined
  let filled = 0
  let written = 0
  const running: { buffer: Buffer; done: Promise<void> }[] = []

  const writer: FileWriter = {
    open: (path, options) =>
      openToAppend(disk, path, { ...options, isLarge: threads !== undefined }),
    write(file, chunk) {
      if (filling && filled + chunk.byteLength < untilBlock()) {
        copyBytes(chunk, filling, filled)
        filled += chunk.byteLength
        return taken
      }
      return writer.fill(file, chunk.byteLength, async (target, offset) => {
        copyBytes(chunk.subarray(offset, offset + target.byteLength), target, 0)
        return target.byteLength
      })
    },
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
  async function oldest(): Promise<Buffer> {
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

/** One thread hashes all and another writes it, each in order and without waiting for word from here between two buffers. */
function threadDrain(threads: Threads): Drain {
  streams += 1
  const stream = streams
  const hasher = threads.pick('stream')
  let writer: Thread | undefined
  return {
    async append({ fd, directFd }, bytes) {
      const hashed = hasher.ask({ do: 'hash', stream, bytes: sharedWith(hasher, bytes) })
      const direct = bytes.byteLength % blockBytes === 0 ? directFd : undefined
      // Picked while the other one is busy, so that it is not the same.
      writer ??= threads.pick('stream')
      const shared = sharedWith(writer, bytes)
      await allEnded([writer.ask({ do: 'append', stream, fd, direct, bytes: shared }), hashed])
    },
    resume: (path, size) => hasher.ask({ do: 'read', stream, path, size }),
    async finish() {
      const [sha] = await Promise.all([
        hasher.ask({ do: 'finish', stream }),
        writer?.ask({ do: 'forget', stream }),
      ])
      return sha
    },
    allocate: (size) =>
      (size === memory.pieceBytes && memory.take()) || Buffer.from(new SharedArrayBuffer(size)),
    giveBack: (bytes) => memory.giveBack(bytes),
  }
}

function sharedWith(thread: Thread, bytes: Uint8Array): SharedBytes {
  const whole = memory.memoryOf(bytes)
  if (!whole) return bytes
  return { memory: thread.share(whole), start: bytes.byteOffset, length: bytes.byteLength }
}
