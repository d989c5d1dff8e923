import { promisify } from 'node:util'
import { type ZstdOptions, zstdDecompress } from 'node:zlib'
import type { ByteSource } from './byte-source.ts'
import { DeltaError } from './errors.ts'
import { recipeLimits } from './recipe.ts'

/**
 * A compressed .blend is a row of zstd frames and, in a skippable frame at its end, a table of
 * their sizes (zstd's seekable format). One changed byte changes all of a frame's compressed
 * bytes, so its chunks are those of what the frames hold; and since zstd is deterministic, the
 * same frames can be made again from that. Whether they were is proved by the final SHA-256.
 */
export interface Frame {
  readonly packedOffset: number
  readonly packedLength: number
  readonly offset: number
  readonly length: number
}

const skippableMagic = 0x184d2a5e
const seekableMagic = 0x8f92eab1
const footerBytes = 9
const entryBytes = 8
const frameMagic = 0xfd2fb528

const decompress = promisify(zstdDecompress)

/** Whether a file that starts with these bytes may consist of zstd frames. */
export function startsAsFrame(head: Uint8Array): boolean {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.length)
  return bytes.length >= 4 && bytes.readUInt32LE(0) === frameMagic
}

/** Bytes at the end of a file that tell how long its table is. */
export const tableFooterBytes = footerBytes

/** Length of the whole table by the file's last bytes, or undefined when there is none that Blender writes. */
export function tableLength(footer: Uint8Array): number | undefined {
  const bytes = Buffer.from(footer)
  if (bytes.length !== footerBytes || bytes.readUInt32LE(5) !== seekableMagic || bytes[4] !== 0) {
    return undefined
  }
  const count = bytes.readUInt32LE(0)
  if (count === 0 || count > recipeLimits.frames) return undefined
  return 8 + count * entryBytes + footerBytes
}

/** The frames a table lists, when they are the whole of a file of `fileSize`. */
export function parseTable(table: Uint8Array, fileSize: number): Frame[] | undefined {
  const bytes = Buffer.from(table)
  const isWhole =
    bytes.readUInt32LE(0) === skippableMagic && bytes.readUInt32LE(4) === bytes.length - 8
  if (!isWhole) return undefined
  const frames: Frame[] = []
  let packedOffset = 0
  let offset = 0
  for (let at = 8; at < bytes.length - footerBytes; at += entryBytes) {
    const [packedLength, length] = [bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)]
    const isSane = length > 0 && length <= recipeLimits.frameBytes
    if (!isSane || packedLength === 0 || packedLength > recipeLimits.packedFrameBytes) {
      return undefined
    }
    frames.push({ packedOffset, packedLength, offset, length })
    packedOffset += packedLength
    offset += length
  }
  return packedOffset + bytes.length === fileSize ? frames : undefined
}

/** The frames of a file, or undefined when it is not made of frames only. */
export async function readFrames(file: ByteSource): Promise<Frame[] | undefined> {
  const length = tableLength(await readAt(file, file.size - footerBytes, footerBytes))
  if (length === undefined || length > file.size) return undefined
  return parseTable(await readAt(file, file.size - length, length), file.size)
}

/** What a file's frames hold, readable at any offset; reads are cheapest in order. Takes over `file`. */
export function openUnpacked(file: ByteSource, frames: readonly Frame[]): ByteSource {
  const last = frames.at(-1)!
  const size = last.offset + last.length
  let held: { frame: Frame; bytes: Uint8Array } | undefined
  return {
    size,
    async read(target, offset) {
      if (offset >= size) return 0
      const frame = frameAt(frames, offset)
      if (held?.frame !== frame) held = { frame, bytes: await unpackFrame(file, frame) }
      const part = held.bytes.subarray(offset - frame.offset, offset - frame.offset + target.length)
      target.set(part)
      return part.length
    },
    close: () => file.close(),
  }
}

/**
 * Options for unpacking a frame that holds so many bytes, into one piece of memory. Were there no room for one byte more,
 * zlib would set aside as much again to see whether anything follows.
 */
export function inOnePiece(length: number): ZstdOptions {
  return { maxOutputLength: length, chunkSize: Math.max(64, length + 1) }
}

async function unpackFrame(file: ByteSource, frame: Frame): Promise<Uint8Array> {
  const packed = await readAt(file, frame.packedOffset, frame.packedLength)
  const bytes = await decompress(packed, inOnePiece(frame.length))
  if (bytes.length === frame.length) return bytes
  throw new DeltaError('BASE_CHANGED', 'A frame holds another number of bytes than its table says')
}

/** The table of frames, as it lies at the end of a file. */
export function encodeTable(
  packedLengths: readonly number[],
  lengths: readonly number[],
): Uint8Array {
  const bytes = Buffer.alloc(8 + lengths.length * entryBytes + footerBytes)
  bytes.writeUInt32LE(skippableMagic, 0)
  bytes.writeUInt32LE(bytes.length - 8, 4)
  lengths.forEach((length, index) => {
    bytes.writeUInt32LE(packedLengths[index]!, 8 + index * entryBytes)
    bytes.writeUInt32LE(length, 12 + index * entryBytes)
  })
  bytes.writeUInt32LE(lengths.length, bytes.length - footerBytes)
  bytes.writeUInt32LE(seekableMagic, bytes.length - 4)
  return bytes
}

/** The frame that holds a byte of the content. */
export function frameAt(frames: readonly Frame[], offset: number): Frame {
  let [low, high] = [0, frames.length - 1]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (frames[middle]!.offset <= offset) low = middle
    else high = middle - 1
  }
  return frames[low]!
}

/** A part of a file in memory. */
export async function readAt(
  file: ByteSource,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  const bytes = Buffer.alloc(Math.max(0, length))
  if (offset < 0) return bytes
  for (let filled = 0; filled < length; ) {
    const count = await file.read(bytes.subarray(filled), offset + filled)
    if (count === 0) throw new DeltaError('BASE_CHANGED', 'A file is shorter than it was')
    filled += count
  }
  return bytes
}
