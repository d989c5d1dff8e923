import type { Digest } from '../digest.ts'

/** Bytes taken from a base the store already holds. */
export interface CopyOp {
  readonly kind: 'copy'
  /** Index into the recipe's bases. */
  readonly base: number
  readonly offset: number
  readonly length: number
}

/** Bytes that travel with the recipe, in order. */
export interface LiteralOp {
  readonly kind: 'literal'
  readonly length: number
}

/** Zero bytes, which need not travel. */
export interface ZeroOp {
  readonly kind: 'zero'
  readonly length: number
}

/** One step in writing the target from its first byte to its last. */
export type RecipeOp = CopyOp | LiteralOp | ZeroOp

/** How the literal bytes are compressed. */
export type LiteralCoding = 'none' | 'gzip' | 'zstd'

/** A blob that ops copy from. */
export interface RecipeBase {
  readonly digest: Digest
  /** For a base of zstd frames: its size without the compression. Offsets count in those bytes. */
  readonly unpackedSize?: number
}

/** A part of a base. */
export interface BaseRange {
  readonly base: number
  readonly offset: number
  readonly length: number
}

/** Everything about a target but its literal bytes. */
export interface Recipe {
  /** Bytes the ops write: the target's size, or its unpacked size when it has `frames`. */
  readonly size: number
  readonly bases: readonly RecipeBase[]
  readonly ops: readonly RecipeOp[]
  readonly literalCoding: LiteralCoding
  /** Parts of the bases the zstd literals refer to: changed bytes mostly resemble those they replace. */
  readonly dictionary: readonly BaseRange[]
  /** For a target of zstd frames as Blender writes them. */
  readonly frames: readonly RecipeFrame[]
}

/** One zstd frame of a target. */
export interface RecipeFrame {
  /** Bytes it holds unpacked. */
  readonly length: number
  /** Taken as it is from a base of frames, where it lies where the ops copy from; else packed anew. */
  readonly isCopied: boolean
}

/** Media type of an encoded recipe. */
export const recipeMediaType = 'application/vnd.shaman.recipe'

/** Bounds that hold for every recipe; breaking one is refused before anything is read. */
export const recipeLimits = {
  bases: 16,
  /** An op list this long is 3 MiB on the wire and 16 MiB in memory. */
  ops: 262_144,
  /** Beside `ops`: a recipe of tiny ops costs more than the bytes it saves. */
  bytesPerOp: 1024,
  /** A few copied bytes must not grow into a full disk: target <= this x bases + literals + slack. */
  growth: 4,
  growthSlack: 16 * 1024 * 1024,
  dictionaryRanges: 65_536,
  dictionaryBytes: 8 * 1024 * 1024,
  frames: 262_144,
  /** Blender's hold 1 to 2 MiB; a few are in memory at once. */
  frameBytes: 8 * 1024 * 1024,
  /** Pieces that a frame is put together from: a base of tiny frames must not become a list without end. */
  partsPerFrame: 65_536,
  /** What zstd makes of bytes it cannot compress is a little longer than they are. */
  packedFrameBytes: 8 * 1024 * 1024 + 64 * 1024,
} as const

/** The wire's numbers for the literal codings. */
export const literalCodings: readonly LiteralCoding[] = ['none', 'gzip', 'zstd']

/** Bytes of all literal ops. */
export function literalBytes(ops: readonly RecipeOp[]): number {
  return ops.reduce((total, op) => total + (op.kind === 'literal' ? op.length : 0), 0)
}

/** Bytes that offsets into a base may count. */
export function contentSize({ digest, unpackedSize }: RecipeBase): number {
  return unpackedSize ?? digest.size
}

/** Most ops a target of `size` may have. */
export function mostOps(size: number): number {
  return Math.min(recipeLimits.ops, 1 + Math.floor(size / recipeLimits.bytesPerOp))
}

/**
 * Where the next copy is expected in a base: right behind the last one, had the target only
 * replaced bytes in place. Encoder and decoder keep it alike, so such a copy needs no offset.
 */
export interface CopyCursor {
  readonly base: number
  readonly offset: number
}

/** The cursor before the first op. */
export const firstCursor: CopyCursor = { base: 0, offset: 0 }

/** The cursor behind `op`. */
export function cursorAfter(cursor: CopyCursor, op: RecipeOp): CopyCursor {
  return op.kind === 'copy'
    ? { base: op.base, offset: op.offset + op.length }
    : { base: cursor.base, offset: cursor.offset + op.length }
}
