import {
  type ChunkAlgorithm,
  looseSizes,
  maxChunkBytes,
  payloadSizes,
  plainSizes,
} from './algorithms.ts'
import { type Boundary, createBoundaryScanner } from './blend-boundaries.ts'
import { type ChunkMap, zeroHash } from './chunk-map.ts'
import { type ChunkCore, type CutSizes, openChunkCore } from './fastcdc.ts'
import { recipeLimits } from './recipe.ts'

/** Cuts a stream of bytes into chunks. Constant memory but for the map itself. */
export interface Chunker {
  /** Takes the next bytes; `bytes` may be reused afterwards. */
  push(bytes: Uint8Array): void
  /** Cuts what is left and returns the map. */
  end(): ChunkMap
  /** After the end, for `blend1`: the bytes between large payloads, or undefined when they were too many to keep. */
  loose(): LooseBytes | undefined
}

/** Parts of a .blend that nearly every save changes a little, and which hardly compress without one another. */
export interface LooseBytes {
  readonly ranges: readonly { readonly offset: number; readonly length: number }[]
  /** The ranges' bytes, one after another. */
  readonly bytes: Uint8Array
}

/** Room for one push beside the longest chunk that may be waiting for its end. */
const windowBytes = 1024 * 1024 + maxChunkBytes

let spare: ChunkCore | undefined

/** Opens a chunker. The same bytes give the same map, however they are divided into pushes. */
export function createChunker(algorithm: ChunkAlgorithm): Chunker {
  const core = spare ?? openChunkCore(windowBytes)
  spare = undefined
  const segments = createSegments(algorithm)
  const found = createChunkList()
  const kept = createLooseList()
  let windowAt = 0
  let start = 0
  let fill = 0

  return {
    push(bytes) {
      for (let taken = 0; taken < bytes.length; ) {
        const part = bytes.subarray(taken, taken + windowBytes - fill)
        core.bytes.set(part, fill)
        segments.learn(part)
        fill += part.length
        taken += part.length
        cutWhile(maxChunkBytes)
        keepRest()
      }
    },
    end() {
      cutWhile(1)
      spare = core
      return { algorithm, size: windowAt + start, ...found.arrays() }
    },
    loose: () => kept.take(),
  }

  /** Cuts chunks until fewer than `needed` bytes are left whose segment may still go on. */
  function cutWhile(needed: number): void {
    while (start < fill) {
      const { sizes, end, isLoose } = segments.at(windowAt + start)
      const available = Math.min(end - windowAt, fill) - start
      if (end - windowAt > fill && available < needed) return
      const length = core.cut(start, available, sizes)
      found.add(length, core.isZero(start, length) ? zeroHash : core.hash(start, length))
      if (isLoose) kept.add(windowAt + start, core.bytes.subarray(start, start + length))
      start += length
    }
  }

  function keepRest(): void {
    core.bytes.copyWithin(0, start, fill)
    windowAt += start
    fill -= start
    start = 0
  }
}

interface Segments {
  learn(bytes: Uint8Array): void
  /** The segment `offset` lies in; asked with ascending offsets. */
  at(offset: number): { sizes: CutSizes; end: number; isLoose: boolean }
}

function createSegments(algorithm: ChunkAlgorithm): Segments {
  if (algorithm !== 'blend1') {
    const whole = { sizes: plainSizes[algorithm], end: Number.POSITIVE_INFINITY, isLoose: false }
    return { learn: () => {}, at: () => whole }
  }
  const scanner = createBoundaryScanner()
  let kind: Boundary['kind'] = 'loose'
  let ahead: Boundary[] = []
  return {
    learn: (bytes) => {
      ahead = ahead.concat(scanner.scan(bytes))
    },
    at: (offset) => {
      while (ahead[0] !== undefined && ahead[0].offset <= offset) kind = ahead.shift()!.kind
      const isLoose = kind === 'loose'
      const end = ahead[0]?.offset ?? Number.POSITIVE_INFINITY
      return { sizes: isLoose ? looseSizes : payloadSizes, end, isLoose }
    },
  }
}

interface LooseList {
  add(offset: number, bytes: Uint8Array): void
  take(): LooseBytes | undefined
}

function createLooseList(): LooseList {
  const { dictionaryBytes, dictionaryRanges } = recipeLimits
  const ranges: { offset: number; length: number }[] = []
  let parts: Uint8Array[] = []
  let total = 0
  const isTooMuch = (): boolean => total > dictionaryBytes || ranges.length > dictionaryRanges
  return {
    add(offset, bytes) {
      total += bytes.length
      if (isTooMuch()) {
        parts = []
        return
      }
      const last = ranges.at(-1)
      if (last !== undefined && last.offset + last.length === offset) last.length += bytes.length
      else ranges.push({ offset, length: bytes.length })
      parts.push(bytes.slice())
    },
    take: () => (isTooMuch() || total === 0 ? undefined : { ranges, bytes: Buffer.concat(parts) }),
  }
}

interface ChunkList {
  add(length: number, hash: bigint): void
  arrays(): Pick<ChunkMap, 'lengths' | 'hashes'>
}

function createChunkList(): ChunkList {
  let lengths = new Uint32Array(1024)
  let hashes = new BigUint64Array(1024)
  let count = 0
  return {
    add(length, hash) {
      if (count === lengths.length) {
        lengths = grown(lengths, new Uint32Array(count * 2))
        hashes = grown(hashes, new BigUint64Array(count * 2))
      }
      lengths[count] = length
      hashes[count] = hash
      count++
    },
    arrays: () => ({ lengths: lengths.slice(0, count), hashes: hashes.slice(0, count) }),
  }
}

function grown<T extends Uint32Array | BigUint64Array>(from: T, to: T): T {
  if (from instanceof Uint32Array) (to as Uint32Array).set(from)
  else (to as BigUint64Array).set(from as BigUint64Array)
  return to
}
