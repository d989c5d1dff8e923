import type { CutSizes } from './fastcdc.ts'

/**
 * How a file is cut into chunks. Part of the wire and of the cache's file names:
 * a changed parameter is a new name.
 */
export type ChunkAlgorithm = 'blend1' | 'fastcdc16' | 'fastcdc64' | 'frames1' | 'blocks1'

/** Every algorithm; the place is its number on the wire. */
export const chunkAlgorithms: readonly ChunkAlgorithm[] = [
  'blend1',
  'fastcdc16',
  'fastcdc64',
  'frames1',
  'blocks1',
]

/**
 * The two ways to cut a compressed .blend, a row of zstd frames of a dozen blocks each. `blocks1` cuts the file as it lies, at
 * the ends of blocks: a byte that changed changes its block, and few of those behind it. `frames1` cuts what the frames hold, which
 * sends a tenth of that but has them unpacked here and packed again by the store: for slow links.
 */
export type FramesAlgorithm = 'frames1' | 'blocks1'

/**
 * From here on a compressed .blend is cut by its blocks where nothing says otherwise: of a scene of 105 MB 3 % had to be sent so, of
 * ones of 8 and 24 MB a third.
 */
export const blocksFromBytes = 64 * 1024 * 1024

/** Whether an algorithm is one for compressed .blend files. */
export function isForFrames(algorithm: ChunkAlgorithm): algorithm is FramesAlgorithm {
  return algorithm === 'frames1' || algorithm === 'blocks1'
}

/** Whether `value` names an algorithm. */
export function isChunkAlgorithm(value: unknown): value is ChunkAlgorithm {
  return chunkAlgorithms.includes(value as ChunkAlgorithm)
}

const KiB = 1024

/** FastCDC with the ratios the Remote Execution API fixes: a quarter and four times the average. */
export function sizesAround(avg: number): CutSizes {
  return { min: avg / 4, avg, max: avg * 4 }
}

/**
 * In `frames1` a frame inside one large payload is one chunk, known by its compressed bytes, so that it need not be unpacked; the
 * others are cut like `blend1`, never across frames. Four fifths of a scene of meshes are never unpacked.
 */
export const wholeFrameBit = 1n << 63n

/** Sizes of a run of block headers with their small payloads in `blend1`. */
export const looseSizes = sizesAround(4 * KiB)

/**
 * Sizes inside one large payload in `blend1`. Payloads rarely shift within themselves, so a high
 * minimum costs nothing on the wire and spares half of the scanning; a stroke of sculpting sends
 * 9 % less than with 64 KiB.
 */
export const payloadSizes: CutSizes = { min: 24 * KiB, avg: 32 * KiB, max: 128 * KiB }

/** A block's payload from this size up is cut apart from its neighbours in `blend1`. */
export const largePayloadBytes = 4 * KiB

/** Sizes of the algorithms that do not look at blocks. */
export const plainSizes = {
  fastcdc16: sizesAround(16 * KiB),
  fastcdc64: sizesAround(64 * KiB),
} as const

/** In `blocks1` the blocks of a frame are taken together up to this size. */
export const leastBlockBytes = 256

/** No chunk is longer, whatever the algorithm. */
export const maxChunkBytes = 256 * KiB

/** Below this a whole upload is as quick as asking; above, chunk maps would grow too large. */
export const deltaSizes = { min: 256 * KiB, max: 64 * KiB * KiB * KiB } as const

const coarseAbove = KiB * KiB * KiB

/** The algorithm for a file of `size` that starts with `head` (8 bytes do), or none when a delta cannot pay. */
export function algorithmFor(head: Uint8Array, size: number): ChunkAlgorithm | undefined {
  if (size < deltaSizes.min || size > deltaSizes.max) return undefined
  if (startsAsBlend(head)) return 'blend1'
  return size > coarseAbove ? 'fastcdc64' : 'fastcdc16'
}

function startsAsBlend(head: Uint8Array): boolean {
  return (
    Buffer.from(head.buffer, head.byteOffset, head.length).toString('latin1', 0, 7) === 'BLENDER'
  )
}
