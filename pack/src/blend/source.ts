import { closeSync, readSync } from 'node:fs'
import { BlendError } from './errors.ts'

/** Random access to the decompressed bytes of a .blend, whatever its compression. */
export interface ByteSource {
  readonly size: number
  /** Exactly `length` bytes; the buffer stays valid and must not be written to. */
  read(offset: number, length: number): Buffer
  close(): void
}

/** What a source reads from a file at once, aligned. */
export const windowBytes = 64 * 1024
const windowsKept = 64

/** The most that one read may ask for: larger blocks are read in parts. */
export const longestRead = 64 * 1024 * 1024

/** A source that is one buffer. */
export function bufferSource(bytes: Buffer): ByteSource {
  return {
    size: bytes.length,
    read(offset, length) {
      assertInside(offset, length, bytes.length)
      return bytes.subarray(offset, offset + length)
    },
    close() {},
  }
}

/** A source over an open file of any size: aligned windows, a few of them kept. Owns `fd`. */
export function fileSource(fd: number, size: number): ByteSource {
  const windows = new Map<number, Buffer>()
  let isOpen = true
  let last: { index: number; bytes: Buffer } = { index: -1, bytes: Buffer.alloc(0) }

  const windowAt = (index: number): Buffer => {
    if (last.index === index) return last.bytes
    const start = index * windowBytes
    const bytes = windows.get(index) ?? readFully(fd, start, Math.min(windowBytes, size - start))
    windows.delete(index)
    windows.set(index, bytes)
    if (windows.size > windowsKept) windows.delete(windows.keys().next().value as number)
    last = { index, bytes }
    return bytes
  }

  return {
    size,
    read(offset, length) {
      assertInside(offset, length, size)
      const index = Math.floor(offset / windowBytes)
      const start = offset - index * windowBytes
      if (start + length <= windowBytes) return windowAt(index).subarray(start, start + length)
      return readFully(fd, offset, length)
    },
    close() {
      windows.clear()
      // Closing twice could close a file that someone else has opened since.
      if (isOpen) closeSync(fd)
      isOpen = false
    },
  }
}

/** Reads exactly `length` bytes, or says that the file ends too early. */
export function readFully(fd: number, offset: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  let done = 0
  while (done < length) {
    const got = readSync(fd, bytes, done, length - done, offset + done)
    if (got === 0) throw truncated(offset + done)
    done += got
  }
  return bytes
}

/** Refuses reads that leave the file, so that no length in a damaged file is ever believed. */
export function assertInside(offset: number, length: number, size: number): void {
  if (!(offset >= 0 && length >= 0 && offset + length <= size)) throw truncated(size)
  if (length > longestRead) {
    throw new BlendError('BLEND_CORRUPT', `A part of ${length} bytes is larger than any known`, {
      offset,
      length,
    })
  }
}

export function truncated(offset: number): BlendError {
  return new BlendError('BLEND_TRUNCATED', `The file ends too early, at byte ${offset}`, { offset })
}
