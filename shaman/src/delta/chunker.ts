import {
  type ChunkAlgorithm,
  largePayloadBytes,
  looseSizes,
  maxChunkBytes,
  payloadSizes,
  plainSizes,
  wholeFrameBit,
} from './algorithms.ts'
import { type Boundary, createBoundaryScanner } from './blend-boundaries.ts'
import { createChunkList, createLooseList, type LooseBytes } from './chunk-lists.ts'
import { type ChunkMap, zeroHash } from './chunk-map.ts'
import { type ChunkCore, type CutSizes, openChunkCore } from './fastcdc.ts'
import { createBlockScanner } from './zstd-blocks.ts'

/** Cuts a stream of bytes into chunks. Constant memory but for the map itself. */
export interface Chunker {
  /** Takes the next bytes; `bytes` may be reused afterwards. */
  push(bytes: Uint8Array): void
  /** For `frames1`: takes the next frame, unpacking it only where its content has to be looked at. */
  pushFrame(packed: Uint8Array, length: number, unpack: () => Uint8Array): void
  /** Bytes cut so far, and those of them in chunks that are known. */
  resemblance(): { cut: number; known: number }
  /** Cuts what is left and returns the map. */
  end(): ChunkMap
  /** After the end, for .blend files: the bytes between large payloads, or undefined when they were too many to keep. */
  loose(): LooseBytes | undefined
}

/** Room for one push beside the longest chunk that may be waiting for its end. */
const windowBytes = 1024 * 1024 + maxChunkBytes

let spare: ChunkCore | undefined

/** Opens a chunker. The same bytes give the same map, however they are divided into pushes. */
export function createChunker(
  algorithm: ChunkAlgorithm,
  options: { known?: ReadonlySet<bigint> | undefined } = {},
): Chunker {
  const core = spare ?? openChunkCore(windowBytes)
  spare = undefined
  const segments = createSegments(algorithm)
  const found = createChunkList(options.known)
  const kept = createLooseList()
  // In `frames1` the highest bit tells a frame from a piece of one.
  const contentBits = algorithm === 'frames1' ? wholeFrameBit - 1n : 2n ** 64n - 1n
  let windowAt = 0
  let start = 0
  let fill = 0

  const chunker: Chunker = {
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
    pushFrame(packed, length, unpack) {
      if (length >= largePayloadBytes && segments.skip(length)) {
        found.chunk(length, (hashLong(packed) & contentBits) | wholeFrameBit)
        windowAt += length
        return
      }
      chunker.push(unpack())
      cutWhile(1)
      keepRest()
    },
    resemblance: () => found.resemblance(),
    end() {
      cutWhile(1)
      spare = core
      return { algorithm, size: windowAt + start, ...found.take() }
    },
    loose: () => kept.take(),
  }
  return chunker

  /** Cuts chunks until fewer than `needed` bytes are left whose segment may still go on. */
  function cutWhile(needed: number): void {
    while (start < fill) {
      const { sizes, end, isLoose } = segments.at(windowAt + start)
      const available = Math.min(end - windowAt, fill) - start
      if (end - windowAt > fill && available < needed) return
      const length = core.cut(start, available, sizes)
      const isZero = core.isZero(start, length)
      found.chunk(length, isZero ? zeroHash : core.hash(start, length) & contentBits)
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

  /** XXH64; of the hashes of pieces for what is longer than the window, which is empty between frames. */
  function hashLong(bytes: Uint8Array): bigint {
    if (bytes.length <= windowBytes) {
      core.bytes.set(bytes)
      return core.hash(0, bytes.length)
    }
    const pieces: bigint[] = []
    for (let at = 0; at < bytes.length; at += windowBytes) {
      pieces.push(hashLong(bytes.subarray(at, at + windowBytes)))
    }
    const whole = BigUint64Array.from(pieces)
    return hashLong(new Uint8Array(whole.buffer))
  }
}

interface Segments {
  learn(bytes: Uint8Array): void
  /** Passes over content that lies in one segment; false when it may not. */
  skip(length: number): boolean
  /** The segment `offset` lies in; asked with ascending offsets. */
  at(offset: number): { sizes: CutSizes; end: number; isLoose: boolean }
}

function createSegments(algorithm: ChunkAlgorithm): Segments {
  if (algorithm === 'blocks1') return createBlockSegments()
  if (algorithm === 'fastcdc16' || algorithm === 'fastcdc64') {
    const whole = { sizes: plainSizes[algorithm], end: Number.POSITIVE_INFINITY, isLoose: false }
    return { learn: () => {}, skip: () => false, at: () => whole }
  }
  const scanner = createBoundaryScanner()
  let kind: Boundary['kind'] = 'loose'
  let ahead: Boundary[] = []
  return {
    learn: (bytes) => {
      ahead = ahead.concat(scanner.scan(bytes))
    },
    skip: (length) => scanner.skip(length),
    at: (offset) => {
      while (ahead[0] !== undefined && ahead[0].offset <= offset) kind = ahead.shift()!.kind
      const isLoose = kind === 'loose'
      const end = ahead[0]?.offset ?? Number.POSITIVE_INFINITY
      return { sizes: isLoose ? looseSizes : payloadSizes, end, isLoose }
    },
  }
}

/** A piece of whole blocks is one chunk; where there are none any more, cuts are by content. */
function createBlockSegments(): Segments {
  const scanner = createBlockScanner()
  const oneChunk: CutSizes = { min: maxChunkBytes, avg: maxChunkBytes, max: maxChunkBytes }
  let ends: number[] = []
  return {
    learn: (bytes) => {
      ends = ends.concat(scanner.scan(bytes))
    },
    skip: () => false,
    at: (offset) => {
      while (ends[0] !== undefined && ends[0] <= offset) ends.shift()
      const end = ends[0] ?? Number.POSITIVE_INFINITY
      const isOfBlocks = end - offset <= maxChunkBytes
      return { sizes: isOfBlocks ? oneChunk : plainSizes.fastcdc16, end, isLoose: false }
    },
  }
}
