import { createHash } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { type MessagePort, parentPort } from 'node:worker_threads'
import { zstdDecompressSync } from 'node:zlib'
import type { ChunkAlgorithm } from './algorithms.ts'
import { encodeChunkMap } from './chunk-map.ts'
import { createChunker, type LooseBytes } from './chunker.ts'
import { openRing } from './ring.ts'
import {
  type Frame,
  parseTable,
  startsAsFrame,
  tableFooterBytes,
  tableLength,
} from './zstd-frames.ts'

/** What a lane's two threads are asked: the first reads and chunks, the second hashes. */
export type LaneJob =
  | { role: 'chunk'; memory: SharedArrayBuffer; file: string; algorithm: ChunkAlgorithm }
  | { role: 'hash'; memory: SharedArrayBuffer }

/** What each of them answers. */
export type LaneAnswer =
  | { size: number; chunkMap: Uint8Array; loose: LooseBytes | undefined }
  | { sha: string }
  | { error: { message: string; code?: string } }

const port: MessagePort | null = parentPort
port?.on('message', (job: LaneJob) => port.postMessage(answer(job)))

function answer(job: LaneJob): LaneAnswer {
  try {
    return job.role === 'chunk'
      ? chunkFile(job.file, job.algorithm, job.memory)
      : { sha: hashSlabs(job.memory) }
  } catch (error) {
    openRing(job.memory).cancel()
    // Cloning an error drops its code.
    const { message, code } = error as NodeJS.ErrnoException
    return { error: { message, ...(code !== undefined && { code }) } }
  }
}

function chunkFile(file: string, algorithm: ChunkAlgorithm, memory: SharedArrayBuffer): LaneAnswer {
  const ring = openRing(memory)
  const chunker = createChunker(algorithm)
  const fd = openSync(file, 'r')
  let size = 0
  try {
    const content = algorithm === 'blend1' ? createUnpacker(fd) : undefined
    for (;;) {
      const slab = ring.claim()
      if (slab === undefined) break
      const length = readSync(fd, slab, 0, slab.length, size)
      // Published first, so that the other thread hashes while this one chunks.
      ring.publish(length)
      if (length === 0) break
      size += length
      const bytes = slab.subarray(0, length)
      if (content === undefined) chunker.push(bytes)
      else for (const unpacked of content.push(bytes)) chunker.push(unpacked)
    }
    return { size, chunkMap: encodeChunkMap(chunker.end()), loose: chunker.loose() }
  } finally {
    closeSync(fd)
  }
}

interface Unpacker {
  /** Takes the next bytes of the file and yields what the frames that end in them hold. */
  push(bytes: Uint8Array): Generator<Uint8Array>
}

/** Undefined for a file that is not all zstd frames: its own bytes are its content. */
function createUnpacker(fd: number): Unpacker | undefined {
  const frames = readFramesSync(fd)
  if (frames === undefined) return undefined
  let index = 0
  let held: Uint8Array[] = []
  let missing = frames[0]!.packedLength
  return {
    *push(bytes) {
      for (let rest = bytes; rest.length > 0 && index < frames.length; ) {
        const part = rest.subarray(0, missing)
        rest = rest.subarray(part.length)
        missing -= part.length
        // Copied: the slab belongs to the ring, and a frame may go on in the next one.
        held.push(part.slice())
        if (missing > 0) break
        yield unpackSync(Buffer.concat(held), frames[index]!.length)
        held = []
        index++
        missing = frames[index]?.packedLength ?? 0
      }
    },
  }
}

function unpackSync(packed: Uint8Array, length: number): Uint8Array {
  const bytes = zstdDecompressSync(packed, {
    maxOutputLength: length,
    // In one piece: the default of 16 KiB costs a copy and a call for each.
    chunkSize: Math.max(64, length),
  })
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

function hashSlabs(memory: SharedArrayBuffer): string {
  const ring = openRing(memory)
  const sha256 = createHash('sha256')
  for (;;) {
    const slab = ring.take()
    if (slab.length === 0) return sha256.digest('hex')
    sha256.update(slab)
    ring.release()
  }
}
