import type { PutOutcome } from '../blobs/blob-store.ts'
import { publishVerified } from '../blobs/file-blob-store.ts'
import type { TempFile } from '../blobs/temp-file.ts'
import type { Digest } from '../digest.ts'
import type { Shaman } from '../shaman.ts'
import { applyRecipe, baseChanged, openContent, readDictionary } from './apply.ts'
import { type Piece, readAhead } from './byte-source.ts'
import { DeltaError } from './errors.ts'
import type { FramePacker } from './frame-packer.ts'
import type { FramePart } from './frame-worker.ts'
import { type LiteralSource, openLiterals } from './literals.ts'
import { type OpenBases, openBases } from './open-bases.ts'
import { type FrameStep, packFrames } from './pack-frames.ts'
import { type Recipe, recipeLimits } from './recipe.ts'
import { type IncomingRecipe, readRecipe } from './recipe-stream.ts'
import { baseToClone, canReflink, writeOverClone } from './reflink.ts'

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
  const work = trackWork(packer)
  try {
    return await publishVerified(shaman.blobs, digest, async (temp) => {
      const dictionary = await readDictionary(recipe, bases.contents)
      const literals = openLiterals(codedLiterals, recipe.literalCoding, dictionary)
      try {
        const clone = (await canReflink(shaman)) ? baseToClone(recipe) : undefined
        const over = { bases, literals, clone: clone ?? 0 }
        if (clone !== undefined && (await writeOverClone(recipe, over, temp))) return
        const target = assemble(recipe, bases, literals, work.packer)
        for await (const piece of target) await take(piece, temp)
      } finally {
        await literals.close()
      }
    })
  } finally {
    // Threads read the bases by number, which another file may have once they are closed.
    await work.end()
    await bases.close()
  }
}

function take(piece: Piece, temp: TempFile): Promise<void> {
  if (piece instanceof Uint8Array) return temp.write(piece)
  const { from, offset, length } = piece
  return temp.fill(length, async (target, done) => {
    const bytesRead = await from.read(target, offset + done)
    if (bytesRead === 0) throw baseChanged(offset + done)
    return bytesRead
  })
}

function trackWork(packer: FramePacker): {
  packer: Pick<FramePacker, 'pack'>
  end(): Promise<void>
} {
  const running = new Set<Promise<unknown>>()
  let isEnded = false
  return {
    packer: {
      async pack(content) {
        if (isEnded) throw new Error('the splice has ended')
        const packed = packer.pack(content)
        running.add(packed)
        return packed.finally(() => running.delete(packed))
      },
    },
    async end() {
      isEnded = true
      await Promise.allSettled(running)
    },
  }
}

function assemble(
  recipe: Recipe,
  bases: OpenBases,
  literals: LiteralSource,
  packer: Pick<FramePacker, 'pack'>,
): AsyncIterable<Piece> {
  // Literals are unpacked while what comes before them is hashed and written.
  if (recipe.frames.length === 0) return readAhead(applyRecipe(recipe, bases.contents, literals))
  return packFrames(frameSteps(recipe, bases, literals), packer)
}

async function* frameSteps(
  recipe: Recipe,
  bases: OpenBases,
  literals: LiteralSource,
): AsyncGenerator<FrameStep> {
  const content = openContent(recipe, literals)
  for (const { length, isCopied } of recipe.frames) {
    if (isCopied) {
      const range = content.skipCopy(length)
      const found = range && bases.frameAt(range)
      if (found === undefined) {
        throw new DeltaError('RECIPE_INVALID', 'This recipe copies a frame that no base has')
      }
      yield found
    } else {
      const parts: FramePart[] = []
      const literals: Uint8Array[] = []
      for await (const part of content.parts(length)) {
        if ('bytes' in part) {
          literals.push(part.bytes)
          parts.push({ literals: part.bytes.length })
        } else if ('zeros' in part) parts.push(part)
        else {
          for (const piece of bases.partsAt(part)) {
            if (parts.length >= recipeLimits.partsPerFrame) throw tooManyParts()
            parts.push(piece)
          }
        }
      }
      yield { length, parts, literals: joined(literals) }
    }
  }
  await content.end()
}

function tooManyParts(): DeltaError {
  return new DeltaError('RECIPE_TOO_LARGE', 'This recipe makes a frame of too many pieces')
}

/** In memory of its own: a thread is sent all the memory that a part of it lies in. */
function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((total, { length }) => total + length, 0))
  let filled = 0
  for (const piece of pieces) {
    bytes.set(piece, filled)
    filled += piece.length
  }
  return bytes
}
