import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { type MessagePort, parentPort } from 'node:worker_threads'
import type { ChunkAlgorithm } from './algorithms.ts'
import { encodeChunkMap } from './chunk-map.ts'
import { createChunker, type LooseBytes } from './chunker.ts'
import { openRing } from './ring.ts'

/** What a lane's two threads are asked: the first reads and chunks, the second hashes. */
export type LaneJob =
  | { role: 'chunk'; memory: SharedArrayBuffer; file: string; algorithm: ChunkAlgorithm }
  | { role: 'hash'; memory: SharedArrayBuffer }

/** What each of them answers. */
export type LaneAnswer =
  | { chunkMap: Uint8Array; loose: LooseBytes | undefined }
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
  try {
    for (;;) {
      const slab = ring.claim()
      if (slab === undefined) break
      const length = readSync(fd, slab)
      // Published first, so that the other thread hashes while this one chunks.
      ring.publish(length)
      if (length === 0) break
      chunker.push(slab.subarray(0, length))
    }
    return { chunkMap: encodeChunkMap(chunker.end()), loose: chunker.loose() }
  } finally {
    closeSync(fd)
  }
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
