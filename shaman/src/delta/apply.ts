import { type ByteSource, createPiecePool, pieceBytes, readPart } from './byte-source.ts'
import { DeltaError } from './errors.ts'
import type { LiteralSource } from './literals.ts'
import type { BaseRange, Recipe } from './recipe.ts'

/** A piece of what a recipe writes. */
export type ContentPart = BaseRange | { readonly bytes: Uint8Array } | { readonly zeros: number }

/** What a recipe's ops write, from first to last. */
export interface RecipeContent {
  /** Tells what the next `length` bytes are made of. */
  parts(length: number): AsyncGenerator<ContentPart>
  /** Passes over the next bytes when one op copies them all, and tells where they lie. */
  skipCopy(length: number): BaseRange | undefined
  /** Throws when more literal bytes came than the ops use. */
  end(): Promise<void>
}

/** Opens a recipe's content. */
export function openContent({ ops }: Pick<Recipe, 'ops'>, literals: LiteralSource): RecipeContent {
  let index = 0
  let done = 0

  return {
    async *parts(length) {
      for (let left = length; left > 0; ) {
        const op = ops[index]!
        const part = Math.min(left, op.length - done)
        const from = done
        left -= part
        advance(part)
        if (op.kind === 'copy') yield { base: op.base, offset: op.offset + from, length: part }
        else if (op.kind === 'zero') yield { zeros: part }
        else for await (const bytes of literals.take(part)) yield { bytes }
      }
    },
    skipCopy(length) {
      const op = ops[index]
      if (op?.kind !== 'copy' || length > op.length - done) return undefined
      const offset = op.offset + done
      advance(length)
      return { base: op.base, offset, length }
    },
    end: () => literals.end(),
  }

  function advance(length: number): void {
    done += length
    if (done < ops[index]!.length) return
    index += 1
    done = 0
  }
}

/** Yields a target's bytes from first to last, in pieces that are good until the next but one is asked for. */
export async function* applyRecipe(
  recipe: Recipe,
  bases: readonly ByteSource[],
  literals: LiteralSource,
): AsyncGenerator<Uint8Array> {
  const content = openContent(recipe, literals)
  const allocate = createPiecePool()
  for await (const part of content.parts(recipe.size)) yield* readPieces(part, bases, allocate)
  await content.end()
}

/** The bytes of a part. */
export async function* readPieces(
  part: ContentPart,
  bases: readonly ByteSource[],
  allocate = createPiecePool(),
): AsyncGenerator<Uint8Array> {
  if ('bytes' in part) yield part.bytes
  else if ('zeros' in part) yield* zeros(part.zeros)
  else yield* readPart(bases[part.base]!, part, baseChanged, allocate)
}

/** The bytes of a recipe's dictionary, at most as many as its bounds allow. */
export async function readDictionary(
  recipe: Recipe,
  bases: readonly ByteSource[],
): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for (const range of recipe.dictionary) {
    for await (const piece of readPart(bases[range.base]!, range, baseChanged)) parts.push(piece)
  }
  return Buffer.concat(parts)
}

/** The recipe was checked against the sources' sizes, so only a damaged store ends early. */
export function baseChanged(at: number): DeltaError {
  return new DeltaError('BASE_CHANGED', 'A base is shorter than its digest says', { at })
}

function* zeros(length: number): Generator<Uint8Array> {
  for (let left = length; left > 0; left -= pieceBytes) {
    yield Buffer.alloc(Math.min(pieceBytes, left))
  }
}
