import { readSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { free, ownMemory } from './memory.ts'
import type { Frame } from './zstd-frames.ts'

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

function answer({ id, length, parts, literals }: PackJob): PackAnswer {
  const raw = Buffer.allocUnsafeSlow(length)
  try {
    let filled = 0
    let taken = 0
    for (const part of parts) {
      if ('literals' in part) {
        raw.set(literals.subarray(taken, taken + part.literals), filled)
        taken += part.literals
        filled += part.literals
      } else {
        filled += put(part, raw.subarray(filled))
      }
    }
    if (filled !== length) throw new Error('the parts of a frame do not add up')
    return { id, packed: packFrame(raw) }
  } catch (error) {
    return { id, error: (error as Error).message }
  } finally {
    free(raw)
    // The same number may be another file the next time.
    forgetHeld()
  }
}

function put(part: Exclude<FramePart, { literals: number }>, target: Buffer): number {
  if ('zeros' in part) {
    target.fill(0, 0, part.zeros)
    return part.zeros
  }
  const { fd, offset, length, frame } = part
  if (frame === undefined) read(fd, target.subarray(0, length), offset)
  else target.set(unpacked(fd, frame).subarray(offset, offset + length))
  return length
}

function unpacked(fd: number, { packedOffset, packedLength, length }: Frame): Uint8Array {
  if (held?.fd === fd && held.at === packedOffset) return held.bytes
  forgetHeld()
  const packed = read(fd, Buffer.allocUnsafeSlow(packedLength), packedOffset)
  const bytes = zstdDecompressSync(packed, {
    maxOutputLength: length,
    chunkSize: Math.max(64, length),
  })
  free(packed)
  if (bytes.length !== length) throw new Error('a frame holds another number of bytes')
  held = { fd, at: packedOffset, bytes }
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
