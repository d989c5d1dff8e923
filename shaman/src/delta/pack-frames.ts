import type { ByteSource, FileSource, Piece } from './byte-source.ts'
import type { FramePacker } from './frame-packer.ts'
import type { FrameContent } from './frame-worker.ts'
import { free } from './memory.ts'
import { encodeTable, type Frame, readAt } from './zstd-frames.ts'

/** One frame of a file to write: made of its content, or taken as it lies in another file. */
export type FrameStep = FrameContent | Copied

interface Copied {
  readonly from: ByteSource
  readonly frame: Frame
}

interface Packing {
  readonly packed: Promise<Uint8Array>
  readonly length: number
}

/** Of what is packed while the frames before it are written: enough for the threads never to wait for the writer. */
const mostRunningBytes = 5 * 1024 * 1024
/** However large they are, one for each of two threads. */
const leastRunning = 2
/** However small they are: a .blend may have thousands of a few bytes. */
const mostRunning = 64

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
  const waiting: (Copied | Packing)[] = []
  let running = 0
  let runningBytes = 0
  for await (const step of steps) {
    if ('frame' in step) {
      lengths.push(step.frame.length)
      waiting.push(step)
    } else {
      const { length } = step
      while (isFull(length)) yield* writeFirst()
      lengths.push(length)
      const packed = packer.pack(step)
      // Awaited in order later; until then a failure must not count as unhandled.
      packed.catch(() => {})
      running += 1
      runningBytes += length
      waiting.push({ packed, length })
    }
    while (waiting[0] !== undefined && 'frame' in waiting[0]) yield* writeFirst()
  }
  while (waiting.length > 0) yield* writeFirst()
  yield encodeTable(packedLengths, lengths)

  function isFull(length: number): boolean {
    if (running < leastRunning) return false
    return running >= mostRunning || runningBytes + length > mostRunningBytes
  }

  async function* writeFirst(): AsyncGenerator<Piece> {
    const first = waiting.shift()!
    if ('packed' in first) {
      const packed = await first.packed
      running -= 1
      runningBytes -= first.length
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

/** What zstd compresses at once is half of it, so that the second half is told by the first. */
const tellingBytes = 256 * 1024

/** Whether this zstd makes the same bytes of some frames as the one that wrote them. */
export async function canRepack(
  file: FileSource,
  frames: readonly Frame[],
  packer: FramePacker,
): Promise<boolean> {
  const bySize = frames.toSorted((a, b) => a.length - b.length)
  // All are written by one hand: the least that tells is as good as the largest, and packed in a fraction of its time.
  const telling = bySize.find(({ length }) => length >= tellingBytes) ?? bySize.at(-1)
  const checked = new Set([frames[0], telling].filter((frame) => frame !== undefined))
  const checks = [...checked].map(async (frame) => {
    const packed = await readAt(file, frame.packedOffset, frame.packedLength)
    const part = { fd: file.fd, offset: 0, length: frame.length, frame }
    const content = { length: frame.length, parts: [part], literals: Buffer.alloc(0) }
    return Buffer.from(packed).equals(await packer.pack(content))
  })
  return (await Promise.all(checks)).every((isSame) => isSame)
}
