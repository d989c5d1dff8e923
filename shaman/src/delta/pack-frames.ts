import type { ByteSource, FileSource, Piece } from './byte-source.ts'
import type { FramePacker } from './frame-packer.ts'
import type { FrameContent } from './frame-worker.ts'
import { free } from './memory.ts'
import { encodeTable, type Frame, readAt } from './zstd-frames.ts'

/** One frame of a file to write: made of its content, or taken as it lies in another file. */
export type FrameStep = FrameContent | { readonly from: ByteSource; readonly frame: Frame }

/** Frames packed beside one another, while those before them are written. */
const mostRunning = 4

/**
 * Yields a file as Blender would have written it: the frames in order, then their table. Bytes are good until the next
 * piece is asked for.
 */
export async function* packFrames(
  steps: AsyncIterable<FrameStep>,
  packer: Pick<FramePacker, 'pack'>,
): AsyncGenerator<Piece> {
  const lengths: number[] = []
  const packedLengths: number[] = []
  const waiting: (Extract<FrameStep, { frame: Frame }> | Promise<Uint8Array>)[] = []
  let running = 0
  for await (const step of steps) {
    if ('frame' in step) {
      lengths.push(step.frame.length)
      waiting.push(step)
    } else {
      while (running === mostRunning) yield* writeFirst()
      lengths.push(step.length)
      const packed = packer.pack(step)
      // Awaited in order later; until then a failure must not count as unhandled.
      packed.catch(() => {})
      running += 1
      waiting.push(packed)
    }
    while (waiting.length > 0 && !(waiting[0] instanceof Promise)) yield* writeFirst()
  }
  while (waiting.length > 0) yield* writeFirst()
  yield encodeTable(packedLengths, lengths)

  async function* writeFirst(): AsyncGenerator<Piece> {
    const first = waiting.shift()!
    if (first instanceof Promise) {
      const packed = await first
      running -= 1
      packedLengths.push(packed.length)
      yield packed
      free(packed)
    } else {
      const { packedOffset: offset, packedLength: length } = first.frame
      packedLengths.push(length)
      yield { from: first.from, offset, length }
    }
  }
}

/** Whether this zstd makes the same bytes of some frames as the one that wrote them. */
export async function canRepack(
  file: FileSource,
  frames: readonly Frame[],
  packer: FramePacker,
): Promise<boolean> {
  const largest = frames.toSorted((a, b) => b.length - a.length).slice(0, 2)
  const checks = [...new Set([...frames.slice(0, 1), ...largest])].map(async (frame) => {
    const packed = await readAt(file, frame.packedOffset, frame.packedLength)
    const part = { fd: file.fd, offset: 0, length: frame.length, frame }
    const content = { length: frame.length, parts: [part], literals: Buffer.alloc(0) }
    return Buffer.from(packed).equals(await packer.pack(content))
  })
  return (await Promise.all(checks)).every((isSame) => isSame)
}
