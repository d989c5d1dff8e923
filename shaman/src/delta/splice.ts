import type { PutOutcome } from '../blobs/blob-store.ts'
import { publishVerified } from '../blobs/file-blob-store.ts'
import type { Digest } from '../digest.ts'
import type { Shaman } from '../shaman.ts'
import { applyRecipe, readDictionary } from './apply.ts'
import { type ByteSource, openFileSource } from './byte-source.ts'
import { DeltaError } from './errors.ts'
import type { FramePacker } from './frame-packer.ts'
import { openLiterals } from './literals.ts'
import { contentSize, type Recipe, type RecipeBase } from './recipe.ts'
import { type IncomingRecipe, readRecipe } from './recipe-stream.ts'
import { openUnpacked, packFrames, readFrames } from './zstd-frames.ts'

/** What splicing works with. */
export interface SpliceParts {
  readonly shaman: Shaman
  readonly packer: FramePacker
}

/**
 * Stores a blob described by a recipe. Nothing in it is trusted: what its ops write is published
 * only when it has the blob's size and SHA-256, through the same path as a whole upload.
 */
export async function splice(
  parts: SpliceParts,
  digest: Digest,
  body: AsyncGenerator<Uint8Array>,
): Promise<PutOutcome> {
  try {
    return await spliceRecipe(parts, digest, await readRecipe(body))
  } finally {
    // Whatever was not read must be free for others to read, or the answer cannot be sent.
    await body.return(undefined)
  }
}

async function spliceRecipe(
  { shaman, packer }: SpliceParts,
  digest: Digest,
  { recipe, codedLiterals }: IncomingRecipe,
): Promise<PutOutcome> {
  if (recipe.frames.length === 0 && recipe.size !== digest.size) {
    throw new DeltaError('RECIPE_INVALID', 'This recipe writes another size than was asked for', {
      expected: digest.size,
      got: recipe.size,
    })
  }
  const bases = await openBases(shaman, recipe)
  try {
    return await publishVerified(shaman.blobs, digest, async (temp) => {
      const dictionary = await readDictionary(recipe, bases.sources)
      const literals = openLiterals(codedLiterals, recipe.literalCoding, dictionary)
      try {
        const content = applyRecipe(recipe, bases.sources, literals)
        const { frames } = recipe
        const target = frames.length > 0 ? packFrames(content, frames, packer) : content
        for await (const piece of target) await temp.write(piece)
      } finally {
        await literals.close()
      }
    })
  } finally {
    await bases.close()
  }
}

interface OpenBases {
  readonly sources: readonly ByteSource[]
  close(): Promise<void>
}

async function openBases(shaman: Shaman, { bases }: Recipe): Promise<OpenBases> {
  const digests = bases.map(({ digest }) => digest)
  // Pinned before looked at, in one turn: what is seen to be there stays until the end.
  const unpin = shaman.protection.pin(digests)
  const sources: ByteSource[] = []
  const close = async (): Promise<void> => {
    unpin()
    await Promise.all(sources.map((source) => source.close()))
  }
  try {
    // The question also takes a base out of the trash again.
    const missing = digests.filter((digest) => shaman.negotiator.status(digest) !== 'stored')
    if (missing.length > 0) throw basesMissing(missing)
    for (const base of bases) sources.push(await openBase(shaman, base))
    return { sources, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function openBase(shaman: Shaman, base: RecipeBase): Promise<ByteSource> {
  const file = await openFileSource(shaman.layout.blob(base.digest))
  try {
    const source = base.unpackedSize === undefined ? file : await unpacked(file)
    if (source?.size === contentSize(base)) return source
    throw new DeltaError('RECIPE_INVALID', 'A base holds another number of bytes than stated', {
      expected: contentSize(base),
      got: source?.size,
    })
  } catch (error) {
    await file.close()
    throw error
  }
}

async function unpacked(file: ByteSource): Promise<ByteSource | undefined> {
  const frames = await readFrames(file)
  return frames && openUnpacked(file, frames)
}

function basesMissing(missing: readonly Digest[]): DeltaError {
  return new DeltaError('BASES_MISSING', 'The store no longer holds what the recipe copies from', {
    missing,
  })
}
