import { type ByteSource, pieceBytes, readPart } from './byte-source.ts'
import { DeltaError } from './errors.ts'
import type { LiteralSource } from './literals.ts'
import type { BaseRange, Recipe, RecipeOp } from './recipe.ts'

/** What a recipe's ops write, from first to last. */
export interface RecipeContent {
  /** Yields the next `length` bytes in fresh pieces: whoever takes one may keep it. */
  take(length: number): AsyncGenerator<Uint8Array>
  /** Passes over the next bytes when one op copies them all, and tells where they lie. */
  skipCopy(length: number): BaseRange | undefined
  /** Throws when more literal bytes came than the ops use. */
  end(): Promise<void>
}

/** Opens a recipe's content. `bases` are the sources in the recipe's order. */
export function openContent(
  { ops }: Pick<Recipe, 'ops'>,
  bases: readonly ByteSource[],
  literals: LiteralSource,
): RecipeContent {
  let index = 0
  let done = 0

  return {
    async *take(length) {
      for (let left = length; left > 0; ) {
        const op = ops[index]!
        const part = Math.min(left, op.length - done)
        const from = done
        left -= part
        advance(part)
        yield* read(op, from, part)
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

  function read(
    op: RecipeOp,
    from: number,
    length: number,
  ): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
    if (op.kind === 'zero') return zeros(length)
    if (op.kind === 'literal') return literals.take(length)
    return readPart(bases[op.base]!, { offset: op.offset + from, length }, baseChanged)
  }
}

/** Yields a target's bytes from first to last. */
export async function* applyRecipe(
  recipe: Recipe,
  bases: readonly ByteSource[],
  literals: LiteralSource,
): AsyncGenerator<Uint8Array> {
  const content = openContent(recipe, bases, literals)
  yield* content.take(recipe.size)
  await content.end()
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
