import { type ByteSource, type Piece, pieceBytes, readPart } from './byte-source.ts'
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

/** Yields what a target is made of, from first to last. */
export async function* applyRecipe(
  recipe: Recipe,
  bases: readonly ByteSource[],
  literals: LiteralSource,
): AsyncGenerator<Piece> {
  const content = openContent(recipe, literals)
  for await (const part of content.parts(recipe.size)) yield* piecesOf(part, bases)
  await content.end()
}

/** What a part is made of. */
export function* piecesOf(part: ContentPart, bases: readonly ByteSource[]): Generator<Piece> {
  if ('bytes' in part) yield part.bytes
  else if ('zeros' in part) yield* zeros(part.zeros)
  else yield { from: bases[part.base]!, offset: part.offset, length: part.length }
}

/** The bytes of pieces, in memory of their own. */
export async function* bytesOf(
  pieces: AsyncIterable<Piece> | Iterable<Piece>,
): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    if (piece instanceof Uint8Array) yield new Uint8Array(piece)
    else yield* readPart(piece, baseChanged)
  }
}

/** The bytes of a recipe's dictionary, at most as many as its bounds allow. */
export async function readDictionary(
  recipe: Recipe,
  bases: readonly ByteSource[],
): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for (const range of recipe.dictionary) {
    for await (const piece of bytesOf(piecesOf(range, bases))) parts.push(piece)
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
