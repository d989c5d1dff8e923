import { readSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { free, ownMemory } from './memory.ts'
import { type Frame, inOnePiece } from './zstd-frames.ts'

/** A piece of what a frame is to hold. */
export type FramePart =
  /** The next of the job's literal bytes. */
  | { readonly literals: number }
  | { readonly zeros: number }
  /** Bytes of a file, or of what one of its frames holds; the file stays open until the answer. */
  | {
      readonly fd: number
      readonly offset: number
      readonly length: number
      readonly frame?: Frame
    }

/** What a frame is to hold. */
export interface FrameContent {
  readonly length: number
  readonly parts: readonly FramePart[]
  /** Of all parts together, which travel quicker so. */
  readonly literals: Uint8Array
}
/** A frame to compress, and the answer to it. */
export interface PackJob extends FrameContent {
  readonly id: number
}
export type PackAnswer =
  | { readonly id: number; readonly packed: Uint8Array }
  | { readonly id: number; readonly error: string }

/** Blender's level, whatever the scene. */
const level = 3

/** A frame is mostly made of pieces of one other, which is unpacked once. */
let held: { fd: number; at: number; bytes: Uint8Array } | undefined

parentPort?.on('message', (job: PackJob) => {
  const made = answer(job)
  parentPort?.postMessage(made, 'packed' in made ? ownMemory(made.packed) : [])
})

function answer({ id, ...content }: PackJob): PackAnswer {
  try {
    const raw = contentOf(content)
    const packed = packFrame(raw)
    free(raw)
    return { id, packed }
  } catch (error) {
    return { id, error: (error as Error).message }
  } finally {
    // The same number may be another file the next time.
    forgetHeld()
  }
}

function contentOf({ length, parts, literals }: FrameContent): Uint8Array {
  const old = sameButForPieces(parts, length)
  const raw = old === undefined ? Buffer.allocUnsafeSlow(length) : unpack(old)
  let filled = 0
  let taken = 0
  for (const part of parts) {
    if ('literals' in part) {
      raw.set(literals.subarray(taken, taken + part.literals), filled)
      taken += part.literals
      filled += part.literals
    } else if ('zeros' in part) {
      raw.fill(0, filled, filled + part.zeros)
      filled += part.zeros
    } else {
      if (!isSameFrame(part, old)) put(part, raw.subarray(filled, filled + part.length))
      filled += part.length
    }
  }
  if (filled !== length) throw new Error('the parts of a frame do not add up')
  return raw
}
type CopiedPart = Extract<FramePart, { fd: number }>
type PartOfFrame = CopiedPart & { readonly frame: Frame }

/** A part of a frame that every piece copied from it has its place in: unpacked, it is written over, which spares a copy. */
function sameButForPieces(parts: readonly FramePart[], length: number): PartOfFrame | undefined {
  let offset = 0
  const placed: { part: PartOfFrame; isMoved: boolean }[] = []
  for (const part of parts) {
    if (isOfFrame(part)) placed.push({ part, isMoved: part.offset !== offset })
    offset += lengthOf(part)
  }
  const largest = placed.toSorted((a, b) => b.part.length - a.part.length)[0]?.part
  if (largest?.frame.length !== length) return undefined
  const isMoved = placed.some(({ part, isMoved }) => isMoved && isSameFrame(part, largest))
  return isMoved ? undefined : largest
}

function isOfFrame(part: FramePart): part is PartOfFrame {
  return 'frame' in part && part.frame !== undefined
}

function isSameFrame(part: FramePart, other: PartOfFrame | undefined): boolean {
  if (other === undefined || !isOfFrame(part)) return false
  return part.fd === other.fd && part.frame.packedOffset === other.frame.packedOffset
}

function lengthOf(part: FramePart): number {
  if ('literals' in part) return part.literals
  return 'zeros' in part ? part.zeros : part.length
}

function put(part: CopiedPart, target: Buffer): void {
  if (isOfFrame(part)) {
    const { offset, length } = part
    target.set(unpackOnce(part).subarray(offset, offset + length))
  } else read(part.fd, target, part.offset)
}

function unpackOnce(part: PartOfFrame): Uint8Array {
  const at = part.frame.packedOffset
  if (held?.fd === part.fd && held.at === at) return held.bytes
  forgetHeld()
  const bytes = unpack(part)
  held = { fd: part.fd, at, bytes }
  return bytes
}

function unpack({ fd, frame: { packedOffset, packedLength, length } }: PartOfFrame): Buffer {
  const packed = read(fd, Buffer.allocUnsafeSlow(packedLength), packedOffset)
  const bytes = zstdDecompressSync(packed, inOnePiece(length))
  free(packed)
  if (bytes.length !== length) throw new Error('a frame holds another number of bytes')
  return bytes
}

function forgetHeld(): void {
  if (held !== undefined) free(held.bytes)
  held = undefined
}

function read(fd: number, target: Buffer, offset: number): Buffer {
  for (let filled = 0; filled < target.length; ) {
    const count = readSync(fd, target, filled, target.length - filled, offset + filled)
    if (count === 0) throw new Error('a base is shorter than its digest says')
    filled += count
  }
  return target
}

/**
 * In one call with room for the whole result, as Blender does it: zstd cuts blocks differently
 * when it has to stop for output. Node's asynchronous form feeds it in two steps and gives other
 * bytes, hence a thread.
 */
function packFrame(raw: Uint8Array): Uint8Array {
  return zstdCompressSync(raw, {
    params: { [constants.ZSTD_c_compressionLevel]: level },
    pledgedSrcSize: raw.length,
    chunkSize: raw.length + (raw.length >> 7) + 1024,
  })
}
