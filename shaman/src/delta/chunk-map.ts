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
}

/** The hash of every chunk that holds only zero bytes. */
export const zeroHash = 0n

const magic = 'SCM3'
const smallestEntry = 9

/** Media type of the encoded form. */
export const chunkMapMediaType = 'application/vnd.shaman.chunkmap'

/** `SCM3`, u8 algorithm, varint size, varint count, varint lengths, u64le hashes. */
export function encodeChunkMap(map: ChunkMap): Uint8Array {
  const writer = createByteWriter(32 + map.lengths.length * 12)
  writer.bytes(Buffer.from(magic, 'latin1'))
  writer.byte(chunkAlgorithms.indexOf(map.algorithm))
  writer.varint(map.size)
  writer.varint(map.lengths.length)
  for (const length of map.lengths) writer.varint(length)
  for (const hash of map.hashes) writer.u64(hash)
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
  if (reader.remaining() !== 0) throw invalid('bytes follow its end')
  if (sum(lengths) !== size) throw invalid('its chunks do not add up to its size')
  return { algorithm, size, lengths, hashes }
}

function readLength(reader: ByteReader, longest: number): number {
  const length = reader.varint()
  if (length === 0 || length > longest) throw invalid('a length is impossible')
  return length
}

function sum(lengths: Uint32Array): number {
  return lengths.reduce((total, length) => total + length, 0)
}

function invalid(reason: string): DeltaError {
  return new DeltaError('CHUNK_MAP_INVALID', `This chunk map cannot be used: ${reason}`, { reason })
}
