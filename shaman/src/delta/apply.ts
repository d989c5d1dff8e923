import { type ByteSource, pieceBytes, readPart } from './byte-source.ts'
import { DeltaError } from './errors.ts'
import type { LiteralSource } from './literals.ts'
import type { Recipe } from './recipe.ts'

/**
 * Yields a target's bytes from first to last. `bases` are the sources in the recipe's order.
 * The pieces are fresh: whoever takes one may keep it.
 */
export async function* applyRecipe(
  recipe: Recipe,
  bases: readonly ByteSource[],
  literals: LiteralSource,
): AsyncGenerator<Uint8Array> {
  for (const op of recipe.ops) {
    if (op.kind === 'copy') yield* readPart(bases[op.base]!, op, baseChanged)
    else if (op.kind === 'zero') yield* zeros(op.length)
    else yield* literals.take(op.length)
  }
  await literals.end()
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

function* zeros(length: number): Generator<Uint8Array> {
  for (let left = length; left > 0; left -= pieceBytes) {
    yield Buffer.alloc(Math.min(pieceBytes, left))
  }
}

// The recipe was checked against the sources' sizes, so only a damaged store ends early.
function baseChanged(at: number): DeltaError {
  return new DeltaError('BASE_CHANGED', 'A base is shorter than its digest says', { at })
}
