import { stat } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { type Digest, digestOfFile } from '../digest.ts'
import { algorithmFor, blocksFromBytes, type ChunkAlgorithm } from './algorithms.ts'
import { openFileSource } from './byte-source.ts'
import type { LooseBytes } from './chunk-lists.ts'
import { type ChunkMap, decodeChunkMap } from './chunk-map.ts'
import { ask, followed, LaneLost, underSignal } from './lane.ts'
import type { LaneAnswer } from './lane-worker.ts'
import { createRingMemory, openRing, type Ring } from './ring.ts'
import { readFrames, startsAsFrame } from './zstd-frames.ts'

/** How a file is cut; neither is there when it is too small (or large) for deltas. */
export interface ChunkedContent {
  /** Of what the file holds unpacked, when it is a compressed .blend and not cut by its blocks. */
  readonly map?: ChunkMap
  readonly loose?: LooseBytes
  /** Chunking was given up: too little of the file is known. */
  readonly isStrange?: true
}

/** A file's digest, and how it is cut. */
export interface ChunkedFile extends ChunkedContent {
  readonly digest: Digest
  /** Its frames cannot be packed again here: another zstd made them. */
  readonly isForeign?: true
}

/** What to chunk a file for. */
export interface ChunkRequest {
  signal?: AbortSignal | undefined
  /** Overrides the choice by content: a base must be cut as its target is. */
  algorithm?: ChunkAlgorithm | undefined
  /** Chunk hashes of what the file is going to be compared with; a file unlike that is not chunked to its end. */
  known?: BigUint64Array | undefined
  /** Hears of the bytes as they are read. */
  onBytes?: ((bytes: number) => void) | undefined
}

/** Reads files on threads of its own. Files beyond the number of lanes wait for their turn. */
export interface ChunkHasher {
  /** Reads a file once, giving SHA-256 and chunk map together. */
  chunkAndHash(file: string, request?: ChunkRequest): Promise<ChunkedFile>
  /** The chunk map alone, for a file whose digest is known. */
  chunk(file: string, request?: ChunkRequest): Promise<ChunkedContent & { size: number }>
  /** Ends the threads; work under way is rejected. */
  close(): Promise<void>
}

interface Lane {
  readonly ring: Ring & { reset(): void }
  readonly chunker: Worker
  readonly hasher: Worker
}

/** Creates the hasher; its threads start with the first large file and never hold the process open. */
export function createChunkHasher(options: { lanes?: number; worker?: URL } = {}): ChunkHasher {
  const { worker = new URL('./lane-worker.ts', import.meta.url) } = options
  const most = options.lanes ?? Math.max(1, Math.floor(availableParallelism() / 2))
  const idle: Lane[] = []
  const waiting: { resolve(lane: Lane): void; reject(error: unknown): void }[] = []
  let isClosed = false
  const lanes = new Set<Lane>()

  return {
    async chunkAndHash(file, request = {}) {
      const { signal, onBytes } = request
      signal?.throwIfAborted()
      const algorithm = request.algorithm ?? (await algorithmOf(file))
      if (algorithm === undefined) {
        const options = { ...(signal && { signal }), ...(onBytes && { onBytes }) }
        return { digest: await digestOfFile(file, options) }
      }
      return inLane(async (lane) => {
        const { ring, chunker, hasher } = lane
        const { memory } = ring
        const { known } = request
        const job = { memory, file, algorithm }
        // Unpacking is work enough for the one that chunks.
        const [chunkerReads, hasherReads] =
          algorithm === 'frames1' ? (['not', 'for both'] as const) : (['for both', 'not'] as const)
        const answers = underSignal(ring, signal, [
          ask(chunker, { ...job, role: 'chunk', reads: chunkerReads, known }),
          ask(hasher, { ...job, role: 'hash', reads: hasherReads }),
        ])
        const [chunked, hashed] = await (onBytes ? followed(ring, onBytes, answers) : answers)
        if (!('sha' in hashed!)) throw new LaneLost('threads mixed up')
        const { size, ...content } = contentOf(chunked!)
        return { digest: { sha: hashed.sha, size }, ...content }
      })
    },
    async chunk(file, request = {}) {
      const { signal } = request
      signal?.throwIfAborted()
      const algorithm = request.algorithm ?? (await algorithmOf(file))
      if (algorithm === undefined) return { size: (await stat(file)).size }
      return inLane(async ({ ring, chunker }) => {
        const { memory } = ring
        const { known } = request
        const [chunked] = await underSignal(ring, signal, [
          ask(chunker, { role: 'chunk', memory, reads: 'alone', file, algorithm, known }),
        ])
        return contentOf(chunked!)
      })
    },
    async close() {
      isClosed = true
      for (const { reject } of waiting.splice(0)) reject(new LaneLost('the hasher was closed'))
      await Promise.all([...lanes].map(drop))
    },
  }

  async function inLane<T>(action: (lane: Lane) => Promise<T>): Promise<T> {
    const lane = await takeLane()
    let isSound = false
    try {
      lane.ring.reset()
      const result = await action(lane)
      isSound = true
      return result
    } catch (error) {
      isSound = lane.ring.isCanceled && !(error instanceof LaneLost)
      throw error
    } finally {
      if (isSound) giveBack(lane)
      else await drop(lane)
    }
  }

  function takeLane(): Promise<Lane> | Lane {
    if (isClosed) throw new LaneLost('the hasher was closed')
    const free = idle.pop()
    if (free !== undefined) return free
    if (lanes.size < most) return startLane()
    return new Promise((resolve, reject) => waiting.push({ resolve, reject }))
  }

  function startLane(): Lane {
    const start = (): Worker => {
      const thread = new Worker(worker)
      thread.unref()
      return thread
    }
    const lane = { ring: openRing(createRingMemory()), chunker: start(), hasher: start() }
    lanes.add(lane)
    return lane
  }

  function giveBack(lane: Lane): void {
    const next = waiting.shift()
    if (next !== undefined) next.resolve(lane)
    else idle.push(lane)
  }

  async function drop(lane: Lane): Promise<void> {
    lanes.delete(lane)
    lane.ring.cancel()
    await Promise.all([lane.chunker.terminate(), lane.hasher.terminate()])
    if (!isClosed) waiting.shift()?.resolve(startLane())
  }
}

function contentOf(answer: LaneAnswer): ChunkedContent & { size: number } {
  if ('isStrange' in answer) return { size: answer.size, isStrange: true }
  if (!('chunkMap' in answer)) throw new LaneLost('threads mixed up')
  const { size, chunkMap, loose } = answer
  return { size, map: decodeChunkMap(chunkMap), ...(loose && { loose }) }
}

/** How a file is cut, by its first bytes and its size, unless its past or the network say otherwise. */
export async function algorithmOf(path: string): Promise<ChunkAlgorithm | undefined> {
  const file = await openFileSource(path)
  try {
    const head = Buffer.alloc(8)
    await file.read(head, 0)
    const chosen = algorithmFor(head, file.size)
    const isFramed = startsAsFrame(head) && (await readFrames(file)) !== undefined
    if (chosen === undefined || !isFramed) return chosen
    return file.size < blocksFromBytes ? 'frames1' : 'blocks1'
  } finally {
    await file.close()
  }
}
