import type { Digest } from '../digest.ts'
import { wholeFrameBit } from './algorithms.ts'
import { type ByteSource, type FileSource, openFileSource } from './byte-source.ts'
import type { LooseBytes } from './chunk-lists.ts'
import type { ChunkMap } from './chunk-map.ts'
import { type Difference, diff } from './diff.ts'
import type { FramePacker } from './frame-packer.ts'
import type { Remembered } from './history.ts'
import { withLoose } from './loose-source.ts'
import { canRepack } from './pack-frames.ts'
import type { BaseRange, Recipe, RecipeFrame, RecipeOp } from './recipe.ts'
import { openUnpacked, readFrames } from './zstd-frames.ts'

/** A recipe that is worth sending, and where its literal bytes come from. Close the source. */
export interface Draft {
  readonly recipe: Recipe
  readonly source: ByteSource
  /** The bytes of the recipe's dictionary. */
  readonly dictionary: Uint8Array
}

/** Why there is no draft. */
export type NoDraft = 'unlike its base' | 'another zstd' | 'changed'

/** A file to be told by what it shares with its bases. */
export interface DraftTarget {
  readonly file: string
  readonly digest: Digest
  readonly map: ChunkMap
  readonly loose?: LooseBytes
}

/** A recipe with more of the target's bytes than this sends the whole file instead. */
const mostLiteral = 0.6

/**
 * Drafts the recipe of a target, unless it has too little in common with its bases, or was compressed by another zstd and cannot
 * be packed again from what its frames hold.
 */
export async function draftRecipe(
  target: DraftTarget,
  bases: readonly Remembered[],
  packer: FramePacker,
): Promise<Draft | NoDraft> {
  const { map, digest } = target
  const found = diff(bases, map)
  if (found === undefined || found.literalBytes > mostLiteral * map.size) {
    return 'unlike its base'
  }
  const file = await openFileSource(target.file)
  try {
    if (map.size === digest.size)
      return draftOf(found, { map, file: withLoose(file, target.loose) })
    const draft = await draftFrames(target, found, file, packer)
    if (typeof draft === 'string') await file.close()
    return draft
  } catch (error) {
    await file.close()
    throw error
  }
}

function draftOf(
  found: Difference<Remembered>,
  { map, file, frames = [] }: { map: ChunkMap; file: ByteSource; frames?: RecipeFrame[] },
): Draft {
  const { ranges, bytes } = dictionaryOf(found)
  const bases = found.bases.map(({ digest, map }) =>
    map.size === digest.size ? { digest } : { digest, unpackedSize: map.size },
  )
  const { ops } = found
  // Blocks are compressed as they are.
  const literalCoding = map.algorithm === 'blocks1' ? 'none' : 'zstd'
  const recipe = { size: map.size, bases, ops, frames, dictionary: ranges, literalCoding } as const
  return { recipe, source: file, dictionary: bytes }
}

/** By what the frames hold: a save changes a few bytes of a frame's content and nearly all of its packed bytes. */
async function draftFrames(
  { map, loose }: DraftTarget,
  found: Difference<Remembered>,
  file: FileSource,
  packer: FramePacker,
): Promise<Draft | NoDraft> {
  const frames = await readFrames(file)
  if (frames === undefined) return 'changed'
  const told = tellFrames(frames, map, found.ops)
  const anew = frames.filter((_, index) => !told[index]!.isCopied)
  if (!(await canRepack(file, anew, packer))) return 'another zstd'
  const source = withLoose(openUnpacked(file, frames), loose)
  return draftOf(found, { map, file: source, frames: told })
}

/** Which frames can be taken from a base as they are: those known by their packed bytes. */
function tellFrames(
  frames: readonly { readonly length: number }[],
  map: ChunkMap,
  ops: readonly RecipeOp[],
): RecipeFrame[] {
  if (map.algorithm !== 'frames1') return frames.map(({ length }) => ({ length, isCopied: false }))
  let [chunk, offset, op, opEnd] = [0, 0, -1, 0]
  return frames.map(({ length }) => {
    while (opEnd <= offset) opEnd += ops[++op]!.length
    const isWhole = ((map.hashes[chunk] ?? 0n) & wholeFrameBit) !== 0n
    const isCopied = isWhole && ops[op]!.kind === 'copy'
    for (const end = offset + length; offset < end; ) offset += map.lengths[chunk++]!
    return { length, isCopied }
  })
}

/** The bytes nearly every save changes, as far as this machine remembers how they were. */
function dictionaryOf({ bases }: Difference<Remembered>): {
  ranges: BaseRange[]
  bytes: Uint8Array
} {
  const index = bases.findIndex(({ loose }) => loose)
  const loose = bases[index]?.loose
  if (loose === undefined) return { ranges: [], bytes: Buffer.alloc(0) }
  return { ranges: loose.ranges.map((range) => ({ base: index, ...range })), bytes: loose.bytes }
}
