import type { FileHandle } from 'node:fs/promises'
import { DeltaError } from './errors.ts'
import type { LiteralSource } from './literals.ts'
import type { CopyOp, Recipe } from './recipe.ts'

/** Most bytes held at once while a target is written. */
const pieceBytes = 1024 * 1024

/**
 * Yields a target's bytes from first to last. `bases` are open files in the recipe's order.
 * The pieces are fresh: whoever takes one may keep it.
 */
export async function* applyRecipe(
  recipe: Recipe,
  bases: readonly FileHandle[],
  literals: LiteralSource,
): AsyncGenerator<Uint8Array> {
  for (const op of recipe.ops) {
    if (op.kind === 'copy') yield* readBase(bases[op.base]!, op)
    else if (op.kind === 'zero') yield* zeros(op.length)
    else yield* literals.take(op.length)
  }
  await literals.end()
}

async function* readBase(file: FileHandle, op: CopyOp): AsyncGenerator<Uint8Array> {
  const end = op.offset + op.length
  for (let at = op.offset; at < end; ) {
    const piece = Buffer.allocUnsafeSlow(Math.min(pieceBytes, end - at))
    const { bytesRead } = await file.read(piece, 0, piece.length, at)
    // The head was checked against the base's digest, so only a damaged store ends early.
    if (bytesRead === 0) {
      throw new DeltaError('BASE_CHANGED', 'A base is shorter than its digest says', { at })
    }
    at += bytesRead
    yield piece.subarray(0, bytesRead)
  }
}

function* zeros(length: number): Generator<Uint8Array> {
  for (let left = length; left > 0; left -= pieceBytes) {
    yield Buffer.alloc(Math.min(pieceBytes, left))
  }
}
