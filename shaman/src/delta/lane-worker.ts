import { createHash } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { type MessagePort, parentPort } from 'node:worker_threads'
import { zstdDecompressSync } from 'node:zlib'
import { type ChunkAlgorithm, isForFrames } from './algorithms.ts'
import type { LooseBytes } from './chunk-lists.ts'
import { encodeChunkMap } from './chunk-map.ts'
import { type Chunker, createChunker } from './chunker.ts'
import { free } from './memory.ts'
import { openRing, type Ring, slabBytes } from './ring.ts'
import {
  type Frame,
  inOnePiece,
  parseTable,
  startsAsFrame,
  tableFooterBytes,
  tableLength,
} from './zstd-frames.ts'

/** What a lane's two threads are asked: to chunk a file or to hash it. One of them reads it, for both. */
export type LaneJob = {
  readonly memory: SharedArrayBuffer
  readonly file: string
  readonly algorithm: ChunkAlgorithm
  /** `alone` reads for itself only. */
  readonly reads: 'for both' | 'alone' | 'not'
} & (
  | { readonly role: 'hash' }
  | {
      readonly role: 'chunk'
      /** Chunk hashes of what the file may resemble. */
      readonly known: BigUint64Array | undefined
    }
)

/** What each of them answers. */
export type LaneAnswer =
  | { size: number; chunkMap: Uint8Array; loose: LooseBytes | undefined }
  | { size: number; isStrange: true }
  | { sha: string }
  | { error: { message: string; code?: string } }

/** A file that shares less than this with what it should resemble, by its first bytes, is not looked at further. */
const probe = { bytes: 32 * 1024 * 1024, least: 0.1 }

const port: MessagePort | null = parentPort
port?.on('message', (job: LaneJob) => port.postMessage(answer(job)))

function answer(job: LaneJob): LaneAnswer {
  try {
    return job.role === 'chunk' ? chunkFile(job) : hashFile(job)
  } catch (error) {
    openRing(job.memory).cancel()
    // Cloning an error drops its code.
    const { message, code } = error as NodeJS.ErrnoException
    return { error: { message, ...(code !== undefined && { code }) } }
  }
}

function hashFile(job: LaneJob): LaneAnswer {
  const sha256 = createHash('sha256')
  passFile(job, (bytes) => {
    sha256.update(bytes)
    return true
  })
  return { sha: sha256.digest('hex') }
}

function chunkFile(job: LaneJob & { role: 'chunk' }): LaneAnswer {
  const known = job.known && new Set(job.known)
  const { chunker, feed } = createFeed(job, known)
  let isStrange = false
  const size = passFile(job, (bytes) => {
    if (!isStrange) feed(bytes)
    const { cut, known } = chunker.resemblance()
    isStrange ||= job.known !== undefined && cut >= probe.bytes && known < probe.least * cut
    return !isStrange
  })
  const map = chunker.end()
  if (isStrange) return { size, isStrange }
  return { size, chunkMap: encodeChunkMap(map), loose: chunker.loose() }
}

/** Gives a file's bytes to `use`, until that wants no more and nobody else does; tells how many there were. */
function passFile(job: LaneJob, use: (bytes: Uint8Array) => boolean): number {
  const ring = openRing(job.memory)
  return job.reads === 'not' ? takeSlabs(ring, use) : readSlabs(job, ring, use)
}

function takeSlabs(ring: Ring, use: (bytes: Uint8Array) => boolean): number {
  let size = 0
  for (;;) {
    const slab = ring.take()
    if (slab.length === 0) return size
    size += slab.length
    use(slab)
    ring.release()
  }
}

function readSlabs(
  { file, algorithm, reads }: LaneJob,
  ring: Ring,
  use: (bytes: Uint8Array) => boolean,
): number {
  const slabs = reads === 'alone' ? oneSlab(ring) : ring
  return withFile(file, (fd) => {
    const frames = algorithm === 'blocks1' ? undefined : framesFor(fd, algorithm)
    const nextLength = frames ? createFrameReads(frames) : (): number => slabBytes
    for (let size = 0; ; ) {
      const slab = slabs.claim()
      if (slab === undefined) return size
      const length = readSync(fd, slab, 0, nextLength(size), size)
      // Published first, so that the other thread has something to do.
      slabs.publish(length)
      if (length === 0) return size
      size += length
      const wantsMore = use(slab.subarray(0, length))
      if (!wantsMore && reads === 'alone') return size
    }
  })
}

/** As a ring without a reader: the same memory again and again. */
function oneSlab(ring: Ring): Pick<Ring, 'claim' | 'publish'> {
  const slab = new Uint8Array(slabBytes)
  return { claim: () => (ring.isCanceled ? undefined : slab), publish: () => {} }
}

function withFile<T>(file: string, action: (fd: number) => T): T {
  const fd = openSync(file, 'r')
  try {
    return action(fd)
  } finally {
    closeSync(fd)
  }
}

/** The frames of a file, if it is asked for what they hold or for their blocks, and has any. */
function framesFor(fd: number, algorithm: ChunkAlgorithm): Frame[] | undefined {
  return algorithm === 'blend1' || isForFrames(algorithm) ? readFramesSync(fd) : undefined
}

/** A chunker, and how the file's bytes come to it. */
function createFeed(
  { file, algorithm }: LaneJob,
  known: ReadonlySet<bigint> | undefined,
): { chunker: Chunker; feed(bytes: Uint8Array): void } {
  const frames = withFile(file, (fd) => framesFor(fd, algorithm))
  if (frames === undefined || algorithm === 'blocks1') {
    // Asked for frames of a file without: it is cut as what it holds.
    const isPlain = frames === undefined && isForFrames(algorithm)
    const chunker = createChunker(isPlain ? 'blend1' : algorithm, { known })
    return { chunker, feed: chunker.push }
  }
  const chunker = createChunker(algorithm, { known })
  const feed = gatherFrames(frames, (packed, { length }) => {
    let content: Uint8Array | undefined
    const unpack = (): Uint8Array => {
      content = unpackSync(packed, length)
      return content
    }
    if (algorithm === 'frames1') chunker.pushFrame(packed, length, unpack)
    else chunker.push(unpack())
    if (content !== undefined) free(content)
  })
  return { chunker, feed }
}

/** Whole frames where they fit: what is not divided need not be put together again. */
function createFrameReads(frames: readonly Frame[]): (offset: number) => number {
  let index = 0
  return (offset) => {
    const endOf = ({ packedOffset, packedLength }: Frame): number => packedOffset + packedLength
    while (index < frames.length && endOf(frames[index]!) <= offset) index++
    let fits = 0
    for (let next = index; next < frames.length; next++) {
      const length = endOf(frames[next]!) - offset
      if (length > slabBytes) break
      fits = length
    }
    return fits || slabBytes
  }
}

/** Takes a file's bytes piece by piece and tells each frame once it is whole. */
function gatherFrames(
  frames: readonly Frame[],
  onFrame: (packed: Uint8Array, frame: Frame) => void,
): (bytes: Uint8Array) => void {
  let index = 0
  let held: Uint8Array[] = []
  let missing = frames[0]!.packedLength
  return (bytes) => {
    for (let rest = bytes; rest.length > 0 && index < frames.length; ) {
      const part = rest.subarray(0, missing)
      rest = rest.subarray(part.length)
      missing -= part.length
      if (missing > 0) {
        // Copied: the slab is not ours for longer than this call.
        held.push(part.slice())
        break
      }
      onFrame(held.length === 0 ? part : Buffer.concat([...held, part]), frames[index]!)
      held = []
      index++
      missing = frames[index]?.packedLength ?? 0
    }
  }
}

function unpackSync(packed: Uint8Array, length: number): Uint8Array {
  const bytes = zstdDecompressSync(packed, inOnePiece(length))
  if (bytes.length !== length) throw new Error('a zstd frame does not match its table')
  return bytes
}

function readFramesSync(fd: number): Frame[] | undefined {
  const { size } = fstatSync(fd)
  const readAt = (offset: number, length: number): Uint8Array => {
    const bytes = Buffer.alloc(length)
    return bytes.subarray(0, readSync(fd, bytes, 0, length, offset))
  }
  if (size < tableFooterBytes || !startsAsFrame(readAt(0, 4))) return undefined
  const length = tableLength(readAt(size - tableFooterBytes, tableFooterBytes))
  if (length === undefined || length > size) return undefined
  return parseTable(readAt(size - length, length), size)
}
