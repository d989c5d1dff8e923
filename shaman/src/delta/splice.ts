import type { PutOutcome } from '../blobs/blob-store.ts'
import { publishVerified } from '../blobs/file-blob-store.ts'
import type { Digest } from '../digest.ts'
import type { Shaman } from '../shaman.ts'
import { applyRecipe, readDictionary } from './apply.ts'
import { type ByteSource, openFileSource } from './byte-source.ts'
import { DeltaError } from './errors.ts'
import { openLiterals } from './literals.ts'
import { contentSize, type Recipe } from './recipe.ts'
import { readRecipe } from './recipe-stream.ts'

/**
 * Stores a blob described by a recipe. Nothing in it is trusted: what its ops write is published
 * only when it has the blob's size and SHA-256, through the same path as a whole upload.
 */
export async function splice(
  shaman: Shaman,
  digest: Digest,
  body: AsyncIterable<Uint8Array>,
): Promise<PutOutcome> {
  const { recipe, codedLiterals } = await readRecipe(body)
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
        for await (const piece of applyRecipe(recipe, bases.sources, literals)) {
          await temp.write(piece)
        }
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
    const missing = digests.filter((digest) => !shaman.blobs.isStored(digest))
    if (missing.length > 0) throw basesMissing(missing)
    for (const base of bases) sources.push(await openBase(shaman, base))
    return { sources, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function openBase(shaman: Shaman, base: Recipe['bases'][number]): Promise<ByteSource> {
  const source = await openFileSource(shaman.layout.blob(base.digest))
  if (source.size === contentSize(base)) return source
  await source.close()
  throw new DeltaError('RECIPE_INVALID', 'A base holds another number of bytes than stated', {
    expected: contentSize(base),
    got: source.size,
  })
}

function basesMissing(missing: readonly Digest[]): DeltaError {
  return new DeltaError('BASES_MISSING', 'The store no longer holds what the recipe copies from', {
    missing,
  })
}
