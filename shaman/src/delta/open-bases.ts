import type { Digest } from '../digest.ts'
import type { Shaman } from '../shaman.ts'
import { type ByteSource, type FileSource, openFileSource } from './byte-source.ts'
import { DeltaError } from './errors.ts'
import type { FramePart } from './frame-worker.ts'
import { type BaseRange, contentSize, type Recipe, type RecipeBase } from './recipe.ts'
import { type Frame, frameAt, openUnpacked, readFrames } from './zstd-frames.ts'

/** The bases of a recipe, held in the store until closed. */
export interface OpenBases {
  /** What each base holds, which for a base of frames is what those hold. */
  readonly contents: readonly ByteSource[]
  readonly paths: readonly string[]
  /** The frame that holds a range and nothing else, and the file it lies in. */
  frameAt(range: BaseRange): { from: ByteSource; frame: Frame } | undefined
  /** A range as a thread reads it. */
  partsAt(range: BaseRange): Generator<FramePart>
  close(): Promise<void>
}

interface OpenBase {
  readonly content: ByteSource
  readonly file: FileSource
  readonly frames: readonly Frame[]
}

/** Pins and opens what a recipe copies from; those that are gone are a `BASES_MISSING`. */
export async function openBases(shaman: Shaman, { bases }: Recipe): Promise<OpenBases> {
  const digests = bases.map(({ digest }) => digest)
  // Pinned before looked at, in one turn: what is seen to be there stays until the end.
  const unpin = shaman.protection.pin(digests)
  const opened: OpenBase[] = []
  const close = async (): Promise<void> => {
    unpin()
    await Promise.all(opened.map(({ file }) => file.close()))
  }
  try {
    // The question also takes a base out of the trash again.
    const missing = digests.filter((digest) => shaman.negotiator.status(digest) !== 'stored')
    if (missing.length > 0) throw basesMissing(missing)
    for (const base of bases) opened.push(await openBase(shaman, base))
  } catch (error) {
    await close()
    throw error
  }
  return {
    contents: opened.map(({ content }) => content),
    paths: digests.map((digest) => shaman.layout.blob(digest)),
    frameAt({ base, offset, length }) {
      const { frames, file } = opened[base]!
      if (frames.length === 0) return undefined
      const frame = frameAt(frames, offset)
      return frame.offset === offset && frame.length === length ? { from: file, frame } : undefined
    },
    *partsAt({ base, offset, length }) {
      const { frames, file } = opened[base]!
      if (frames.length === 0) {
        yield { fd: file.fd, offset, length }
        return
      }
      for (let [at, end] = [offset, offset + length]; at < end; ) {
        const frame = frameAt(frames, at)
        const part = Math.min(end, frame.offset + frame.length) - at
        yield { fd: file.fd, offset: at - frame.offset, length: part, frame }
        at += part
      }
    },
    close,
  }
}

async function openBase(shaman: Shaman, base: RecipeBase): Promise<OpenBase> {
  const file = await openFileSource(shaman.layout.blob(base.digest))
  try {
    const frames = base.unpackedSize === undefined ? [] : ((await readFrames(file)) ?? [])
    const content = frames.length > 0 ? openUnpacked(file, frames) : file
    if (content.size === contentSize(base)) return { content, file, frames }
    throw new DeltaError('RECIPE_INVALID', 'A base holds another number of bytes than stated', {
      expected: contentSize(base),
      got: content.size,
    })
  } catch (error) {
    await file.close()
    throw error
  }
}

function basesMissing(missing: readonly Digest[]): DeltaError {
  return new DeltaError('BASES_MISSING', 'The store no longer holds what the recipe copies from', {
    missing,
  })
}
