import { type ChunkAlgorithm, chunkAlgorithms, maxChunkBytes } from './algorithms.ts'
import { DeltaError } from './errors.ts'
import { recipeLimits } from './recipe.ts'
import { type ByteReader, createByteReader, createByteWriter } from './varint.ts'

/**
 * How a file is cut and what each piece is. `hashes` are XXH64: enough to find pieces again,
 * since a recipe built on a wrong match fails its final SHA-256 and the whole file is sent.
 * Hash 0 stands for a piece of nothing but zero bytes.
 */
export interface ChunkMap {
  readonly algorithm: ChunkAlgorithm
  /** Bytes of the file: the sum of `lengths`. */
  readonly size: number
  readonly lengths: Uint32Array
  readonly hashes: BigUint64Array
  /** `frames1` only: the frames that the content lies in. */
  readonly frames?: FrameList
}

/** The zstd frames of a file, in order; they cover its content, and no chunk lies in two of them. */
export interface FrameList {
  readonly lengths: Uint32Array
  /** Bytes of each frame in the file. */
  readonly packedLengths: Uint32Array
  /** XXH64 of those, without its highest bit. */
  readonly hashes: BigUint64Array
}

/** The hash of every chunk that holds only zero bytes. */
export const zeroHash = 0n

const magic = 'SCM2'
const smallestEntry = 9
const smallestFrame = 10

/** Media type of the encoded form. */
export const chunkMapMediaType = 'application/vnd.shaman.chunkmap'

/**
 * `SCM2`, u8 algorithm, varint size, varint count, varint lengths, u64le hashes; then the frames:
 * varint count, varint lengths, varint packed lengths, u64le hashes.
 */
export function encodeChunkMap(map: ChunkMap): Uint8Array {
  const { frames = noFrames } = map
  const writer = createByteWriter(32 + map.lengths.length * 12 + frames.lengths.length * 16)
  writer.bytes(Buffer.from(magic, 'latin1'))
  writer.byte(chunkAlgorithms.indexOf(map.algorithm))
  writer.varint(map.size)
  writer.varint(map.lengths.length)
  for (const length of map.lengths) writer.varint(length)
  for (const hash of map.hashes) writer.u64(hash)
  writer.varint(frames.lengths.length)
  for (const length of frames.lengths) writer.varint(length)
  for (const length of frames.packedLengths) writer.varint(length)
  for (const hash of frames.hashes) writer.u64(hash)
  return writer.finish()
}

/** Reads what `encodeChunkMap` wrote. Anything else is a `CHUNK_MAP_INVALID`. */
export function decodeChunkMap(bytes: Uint8Array): ChunkMap {
  const reader = createByteReader(bytes, invalid)
  if (reader.text(magic.length) !== magic) throw invalid('it does not start with its magic')
  const algorithm = chunkAlgorithms[reader.byte()]
  if (algorithm === undefined) throw invalid('its algorithm is unknown')
  const size = reader.varint()
  const count = reader.varint()
  // Checked before allocating: a count cannot ask for more than the bytes at hand describe.
  if (count > reader.remaining() / smallestEntry) throw invalid('it is cut short')
  const longest = algorithm === 'frames1' ? recipeLimits.frameBytes : maxChunkBytes
  const lengths = Uint32Array.from({ length: count }, () => readLength(reader, longest))
  const hashes = BigUint64Array.from({ length: count }, () => reader.u64())
  const frames = readFrameList(reader)
  if (reader.remaining() !== 0) throw invalid('bytes follow its end')
  if (sum(lengths) !== size) throw invalid('its chunks do not add up to its size')
  if (frames === undefined) return { algorithm, size, lengths, hashes }
  if (!coverTheSame(frames.lengths, lengths)) throw invalid('its frames do not hold whole chunks')
  return { algorithm, size, lengths, hashes, frames }
}

function readFrameList(reader: ByteReader): FrameList | undefined {
  const count = reader.varint()
  if (count === 0) return undefined
  if (count > recipeLimits.frames) throw invalid('it has too many frames')
  if (count > reader.remaining() / smallestFrame) throw invalid('it is cut short')
  const read = (): Uint32Array =>
    Uint32Array.from({ length: count }, () => readLength(reader, recipeLimits.packedFrameBytes))
  return {
    lengths: read(),
    packedLengths: read(),
    hashes: BigUint64Array.from({ length: count }, () => reader.u64()),
  }
}

function readLength(reader: ByteReader, longest: number): number {
  const length = reader.varint()
  if (length === 0 || length > longest) throw invalid('a length is impossible')
  return length
}

function coverTheSame(frames: Uint32Array, chunks: Uint32Array): boolean {
  let chunk = 0
  for (let left of frames) {
    while (left > 0 && chunk < chunks.length) left -= chunks[chunk++]!
    if (left !== 0) return false
  }
  return chunk === chunks.length
}

const noFrames: FrameList = {
  lengths: new Uint32Array(),
  packedLengths: new Uint32Array(),
  hashes: new BigUint64Array(),
}

function sum(lengths: Uint32Array): number {
  return lengths.reduce((total, length) => total + length, 0)
}

function invalid(reason: string): DeltaError {
  return new DeltaError('CHUNK_MAP_INVALID', `This chunk map cannot be used: ${reason}`, { reason })
}
