import { constants, zstdDecompressSync } from 'node:zlib'
import { BlendError } from './errors.ts'
import { assertInside, type ByteSource, truncated } from './source.ts'

/** One zstd frame: where its compressed bytes lie, and which decompressed bytes it holds. */
export interface ZstdFrame {
  readonly start: number
  readonly length: number
  readonly offset: number
  /** Decompressed; undefined if the frame does not say. */
  readonly size: number | undefined
}

const frameMagic = 0xfd2fb528
const skippableMagic = 0x184d2a50
const seekTableMagic = 0x184d2a5e
const seekTableFooter = 0x8f92eab1
const largestFrame = 32 * 1024 * 1024
const keptBytes = 48 * 1024 * 1024

/** The number in a seek table's skippable frame header, so that a writer can make one. */
export const seekTableMagics = { header: seekTableMagic, footer: seekTableFooter }

export function isSkippable(word: number): boolean {
  return (word & 0xfffffff0) >>> 0 === skippableMagic
}

/**
 * The frames of a zstd file, from its seek table, or by walking the block headers. Node's decompressor stops after the
 * first frame without a word, so frames must be known before anything is decompressed.
 */
export function findFrames(file: ByteSource): ZstdFrame[] {
  return framesOfSeekTable(file) ?? walkFrames(file)
}

/** True if frames can be decompressed one by one, on demand. */
export function areSeekable(frames: readonly ZstdFrame[]): boolean {
  return frames.every((frame) => frame.size !== undefined && frame.size <= largestFrame)
}

/** Random access to the decompressed bytes: frames are decompressed when first touched, a few are kept. */
export function zstdSource(file: ByteSource, frames: readonly ZstdFrame[]): ByteSource {
  const last = frames.at(-1)
  const size = last ? last.offset + (last.size ?? 0) : 0
  const kept = new Map<number, Buffer>()
  let keptTotal = 0
  let recent: { index: number; bytes: Buffer } = { index: -1, bytes: Buffer.alloc(0) }

  const frameAt = (index: number): Buffer => {
    if (recent.index === index) return recent.bytes
    let bytes = kept.get(index)
    if (bytes) kept.delete(index)
    else {
      bytes = decodeFrame(file, frames[index]!)
      keptTotal += bytes.length
    }
    kept.set(index, bytes)
    while (keptTotal > keptBytes && kept.size > 1) {
      const [oldest, old] = kept.entries().next().value as [number, Buffer]
      kept.delete(oldest)
      keptTotal -= old.length
    }
    recent = { index, bytes }
    return bytes
  }

  return {
    size,
    read(offset, length) {
      assertInside(offset, length, size)
      let index = frameIndexAt(frames, offset)
      const start = offset - (frames[index]?.offset ?? 0)
      const first = length === 0 ? Buffer.alloc(0) : frameAt(index)
      if (start + length <= first.length) return first.subarray(start, start + length)
      const parts = [first.subarray(start)]
      for (let have = first.length - start; have < length; ) {
        index += 1
        const part = frameAt(index).subarray(0, length - have)
        parts.push(part)
        have += part.length
      }
      return Buffer.concat(parts, length)
    },
    close() {
      kept.clear()
      file.close()
    },
  }
}

/** The decompressed bytes of a frame; a frame that lies about its size is an error. */
export function decodeFrame(file: ByteSource, frame: ZstdFrame): Buffer {
  const size = frame.size ?? 0
  let bytes: Buffer
  try {
    bytes = zstdDecompressSync(file.read(frame.start, frame.length), {
      maxOutputLength: Math.max(size, 1),
      // In one piece: pieces of 16 KiB, the default, cost a call each and a copy of all at the end.
      chunkSize: Math.max(size, 64),
      params: { [constants.ZSTD_d_windowLogMax]: 27 },
    })
  } catch (error) {
    if (error instanceof BlendError) throw error
    throw damaged(frame.start, error)
  }
  if (bytes.length !== size) throw damaged(frame.start)
  return bytes
}

/** The frame that holds a decompressed offset. */
export function frameIndexAt(frames: readonly ZstdFrame[], offset: number): number {
  let low = 0
  let high = frames.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (frames[middle]!.offset <= offset) low = middle
    else high = middle - 1
  }
  return low
}

function framesOfSeekTable(file: ByteSource): ZstdFrame[] | undefined {
  if (file.size < 17) return undefined
  const footer = file.read(file.size - 9, 9)
  if (footer.readUInt32LE(5) !== seekTableFooter) return undefined
  const count = footer.readUInt32LE(0)
  const entrySize = footer.readUInt8(4) & 0x80 ? 12 : 8
  const tableSize = count * entrySize + 9
  if (tableSize + 8 > file.size || tableSize > 32 * 1024 * 1024) return undefined
  const table = file.read(file.size - tableSize - 8, tableSize + 8)
  if (table.readUInt32LE(0) !== seekTableMagic) return undefined
  if (table.readUInt32LE(4) !== tableSize) return undefined
  const frames: ZstdFrame[] = []
  let start = 0
  let offset = 0
  for (let i = 0; i < count; i += 1) {
    const length = table.readUInt32LE(8 + i * entrySize)
    const size = table.readUInt32LE(12 + i * entrySize)
    if (size > 0) frames.push({ start, length, offset, size })
    start += length
    offset += size
  }
  // A table that does not cover the file exactly belongs to other bytes.
  return start === file.size - tableSize - 8 ? frames : undefined
}

function walkFrames(file: ByteSource): ZstdFrame[] {
  const frames: ZstdFrame[] = []
  let start = 0
  let offset = 0
  while (start + 8 <= file.size) {
    const word = file.read(start, 4).readUInt32LE(0)
    if (isSkippable(word)) {
      start += 8 + file.read(start + 4, 4).readUInt32LE(0)
      continue
    }
    if (word !== frameMagic) throw damaged(start)
    const { end, size } = measureFrame(file, start)
    frames.push({ start, length: end - start, offset, size })
    offset += size ?? 0
    start = end
  }
  if (start !== file.size) throw truncated(file.size)
  return frames
}

/** Walks a frame's block headers to its end (RFC 8878 §3.1.1), decompressing nothing. */
function measureFrame(file: ByteSource, start: number): { end: number; size: number | undefined } {
  const descriptor = file.read(start + 4, 1).readUInt8(0)
  const sizeFlag = descriptor >> 6
  const singleSegment = (descriptor & 0x20) !== 0
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!
  const sizeBytes = sizeFlag === 0 ? (singleSegment ? 1 : 0) : [0, 2, 4, 8][sizeFlag]!
  let at = start + 5 + (singleSegment ? 0 : 1) + dictionaryBytes
  const size = readContentSize(file.read(at, sizeBytes))
  at += sizeBytes
  for (;;) {
    const header = file.read(at, 3).readUIntLE(0, 3)
    const type = (header >> 1) & 3
    if (type === 3) throw damaged(at)
    at += 3 + (type === 1 ? 1 : header >> 3)
    if (header & 1) break
  }
  const end = at + (descriptor & 4 ? 4 : 0)
  if (end > file.size) throw truncated(file.size)
  return { end, size }
}

function readContentSize(bytes: Buffer): number | undefined {
  if (bytes.length === 0) return undefined
  if (bytes.length === 1) return bytes.readUInt8(0)
  if (bytes.length === 2) return bytes.readUInt16LE(0) + 256
  if (bytes.length === 4) return bytes.readUInt32LE(0)
  const size = Number(bytes.readBigUInt64LE(0))
  return Number.isSafeInteger(size) ? size : undefined
}

function damaged(offset: number, cause?: unknown): BlendError {
  const message = `The compressed data is damaged at byte ${offset}`
  return new BlendError('BLEND_CORRUPT', message, { offset }, { cause })
}
