import { pipeline, Readable } from 'node:stream'
import { type ByteSource, pieceBytes } from './byte-source.ts'
import { DeltaError } from './errors.ts'
import { createLiteralCoder } from './literals.ts'
import { literalBytes, type Recipe } from './recipe.ts'
import { decodeRecipe, encodeRecipe, recipeHeadLength } from './recipe-codec.ts'

/** A recipe as it travels, and the literal bytes that follow it. */
export interface IncomingRecipe {
  readonly recipe: Recipe
  readonly codedLiterals: AsyncIterable<Uint8Array>
}

/** Reads a recipe's head from a body; the rest stays unread until `codedLiterals` is. */
export async function readRecipe(body: AsyncIterable<Uint8Array>): Promise<IncomingRecipe> {
  const pieces = body[Symbol.asyncIterator]()
  let held = Buffer.alloc(0)
  for (;;) {
    const wanted = recipeHeadLength(held)
    if (wanted !== undefined && held.length >= wanted) {
      return {
        recipe: decodeRecipe(held.subarray(0, wanted)),
        codedLiterals: continued(held.subarray(wanted), pieces),
      }
    }
    const next = await pieces.next()
    if (next.done) throw new DeltaError('RECIPE_INVALID', 'This recipe is cut short')
    held = Buffer.concat([held, next.value])
  }
}

async function* continued(
  first: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  if (first.length > 0) yield first
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
}

/**
 * Yields a recipe as it travels, reading the literal bytes from the target while they are sent.
 * `dictionary` holds the bytes of the recipe's dictionary ranges.
 */
export async function* sendRecipe(
  recipe: Recipe,
  target: ByteSource,
  dictionary: Uint8Array,
): AsyncGenerator<Uint8Array> {
  yield encodeRecipe(recipe)
  const literals = literalsOf(recipe, target)
  if (recipe.literalCoding === 'none') {
    yield* literals
    return
  }
  const coder = createLiteralCoder(literalBytes(recipe.ops), dictionary)
  const plain = Readable.from(literals, { objectMode: false })
  // Whoever reads the coder sees its errors; without the callback they would also be uncaught.
  yield* pipeline(plain, coder, () => {}) as AsyncIterable<Uint8Array>
}

/** In large pieces, though most literals are short: a piece for each would cost more than its bytes. */
async function* literalsOf(
  { ops }: Pick<Recipe, 'ops'>,
  target: ByteSource,
): AsyncGenerator<Uint8Array> {
  let left = literalBytes(ops)
  let piece = Buffer.alloc(0)
  let filled = 0
  let offset = 0
  for (const { kind, length } of ops) {
    const end = offset + length
    for (let at = offset; kind === 'literal' && at < end; ) {
      if (filled === piece.length) {
        if (filled > 0) yield piece
        piece = Buffer.allocUnsafeSlow(Math.min(pieceBytes, left))
        filled = 0
      }
      const bytesRead = await target.read(piece.subarray(filled, filled + end - at), at)
      if (bytesRead === 0) throw targetChanged(at)
      at += bytesRead
      filled += bytesRead
      left -= bytesRead
    }
    offset = end
  }
  if (filled > 0) yield piece
}

function targetChanged(at: number): Error {
  return new Error(`the file became shorter than ${at} bytes while it was sent`)
}
