import { closeSync, openSync, writeSync } from 'node:fs'
import type { OpenedSource } from '../blend/open-source.ts'
import type { ByteSource } from '../blend/source.ts'
import { decodeFrame, seekTableMagics, type ZstdFrame } from '../blend/zstd.ts'
import type { Patch } from './patches.ts'

const chunkBytes = 4 * 1024 * 1024
const largestRawBlock = 128 * 1024

/**
 * Writes a copy of a .blend with patches applied; the same input gives the same bytes, today and with any later
 * compression library:
 *
 * - uncompressed input stays uncompressed;
 * - of zstd input the frames without a patch are copied as they are, and the few with one are stored as frames of raw
 *   blocks; the seek table is made anew;
 * - gzip input, and zstd in a single frame, become uncompressed.
 */
export function writePatched(source: OpenedSource, patches: readonly Patch[], to: string): void {
  const fd = openSync(to, 'wx')
  try {
    const write = (bytes: Buffer): void => writeAll(fd, bytes)
    if (source.zstd) writeFrames(source.zstd.file, source.zstd.frames, patches, write)
    else writePlain(source.bytes, patches, write)
  } finally {
    closeSync(fd)
  }
}

function writePlain(
  source: ByteSource,
  patches: readonly Patch[],
  write: (bytes: Buffer) => void,
): void {
  let at = 0
  const copyUntil = (end: number): void => {
    for (; at < end; at += Math.min(chunkBytes, end - at)) {
      write(source.read(at, Math.min(chunkBytes, end - at)))
    }
  }
  for (const patch of patches) {
    copyUntil(patch.offset)
    write(patch.bytes)
    at = patch.offset + patch.length
  }
  copyUntil(source.size)
}

function writeFrames(
  file: ByteSource,
  frames: readonly ZstdFrame[],
  patches: readonly Patch[],
  write: (bytes: Buffer) => void,
): void {
  const table: { length: number; size: number }[] = []
  let next = 0
  for (const frame of frames) {
    const end = frame.offset + (frame.size ?? 0)
    const here: Patch[] = []
    for (; next < patches.length && patches[next]!.offset < end; next += 1) {
      here.push(patches[next]!)
      // A patch across a border is met again in the frame where it ends.
      if (patches[next]!.offset + patches[next]!.length > end) break
    }
    const isTouched = here.length > 0
    const size = isTouched ? undefined : frame.size
    const bytes = isTouched
      ? rawFrame(applyWithin(decodeFrame(file, frame), frame.offset, here))
      : file.read(frame.start, frame.length)
    write(bytes)
    table.push({ length: bytes.length, size: size ?? contentSize(bytes) })
  }
  write(seekTable(table))
}

/** The part of patches that lies in one frame: new bytes go where the patch begins, old ones go everywhere. */
function applyWithin(bytes: Buffer, start: number, patches: readonly Patch[]): Buffer {
  const parts: Buffer[] = []
  let at = 0
  for (const patch of patches) {
    const from = Math.max(patch.offset - start, 0)
    parts.push(bytes.subarray(at, from))
    if (patch.offset >= start) parts.push(patch.bytes)
    at = Math.min(patch.offset + patch.length - start, bytes.length)
  }
  parts.push(bytes.subarray(at))
  return Buffer.concat(parts)
}

/** A zstd frame of uncompressed blocks (RFC 8878 §3.1.1): one segment, its size in four bytes, no checksum. */
function rawFrame(bytes: Buffer): Buffer {
  const header = Buffer.alloc(9)
  header.writeUInt32LE(0xfd2fb528, 0)
  header.writeUInt8(0b1010_0000, 4)
  header.writeUInt32LE(bytes.length, 5)
  const parts: Buffer[] = [header]
  let at = 0
  do {
    const block = bytes.subarray(at, at + largestRawBlock)
    at += block.length
    const blockHeader = Buffer.alloc(3)
    blockHeader.writeUIntLE((block.length << 3) | (at >= bytes.length ? 1 : 0), 0, 3)
    parts.push(blockHeader, block)
  } while (at < bytes.length)
  return Buffer.concat(parts)
}

function contentSize(frame: Buffer): number {
  return frame.readUInt32LE(5)
}

function seekTable(frames: readonly { length: number; size: number }[]): Buffer {
  const size = frames.length * 8 + 9
  const bytes = Buffer.alloc(8 + size)
  bytes.writeUInt32LE(seekTableMagics.header, 0)
  bytes.writeUInt32LE(size, 4)
  frames.forEach((frame, i) => {
    bytes.writeUInt32LE(frame.length, 8 + 8 * i)
    bytes.writeUInt32LE(frame.size, 12 + 8 * i)
  })
  bytes.writeUInt32LE(frames.length, 8 + frames.length * 8)
  bytes.writeUInt32LE(seekTableMagics.footer, 8 + frames.length * 8 + 5)
  return bytes
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done)
}
