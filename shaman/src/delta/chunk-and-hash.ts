import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { type Digest, digestOfFile } from '../digest.ts'
import { algorithmFor, type ChunkAlgorithm } from './algorithms.ts'
import { openFileSource } from './byte-source.ts'
import { type ChunkMap, decodeChunkMap } from './chunk-map.ts'
import type { LooseBytes } from './chunker.ts'
import type { LaneAnswer, LaneJob } from './lane-worker.ts'
import { createRingMemory, openRing, type Ring } from './ring.ts'
import { readFrames, startsAsFrame } from './zstd-frames.ts'

/** A file's digest, and how it is cut unless it is too small (or large) for deltas. */
export interface ChunkedFile {
  readonly digest: Digest
  /** Of what the file holds unpacked, when it is a compressed .blend. */
  readonly map?: ChunkMap
  readonly loose?: LooseBytes
}

/** Reads each file once, giving SHA-256 and chunk map together, on threads of its own. */
export interface ChunkHasher {
  /**
   * Files beyond the number of lanes wait for their turn. `algorithm` overrides the choice by
   * content: a base must be cut as its target is.
   */
  chunkAndHash(
    file: string,
    options?: { signal?: AbortSignal; algorithm?: ChunkAlgorithm },
  ): Promise<ChunkedFile>
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
    async chunkAndHash(file, { signal, algorithm } = {}) {
      signal?.throwIfAborted()
      const chosen = algorithm ?? (await chooseAlgorithm(file))
      if (chosen === undefined) {
        return { digest: await digestOfFile(file, { ...(signal && { signal }) }) }
      }
      const lane = await takeLane()
      let isSound = false
      try {
        const result = await runLane(lane, file, chosen, signal)
        isSound = true
        return result
      } catch (error) {
        isSound = lane.ring.isCanceled && !(error instanceof LaneLost)
        throw error
      } finally {
        if (isSound) giveBack(lane)
        else await drop(lane)
      }
    },
    async close() {
      isClosed = true
      for (const { reject } of waiting.splice(0)) reject(new LaneLost('the hasher was closed'))
      await Promise.all([...lanes].map(drop))
    },
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

/** A thread ended in the middle of its work. */
class LaneLost extends Error {
  override readonly name = 'LaneLost'
}

async function runLane(
  { ring, chunker, hasher }: Lane,
  file: string,
  algorithm: ChunkAlgorithm,
  signal: AbortSignal | undefined,
): Promise<ChunkedFile> {
  ring.reset()
  const cancel = (): void => ring.cancel()
  signal?.addEventListener('abort', cancel, { once: true })
  try {
    const { memory } = ring
    const answers = await Promise.allSettled([
      ask(chunker, { role: 'chunk', memory, file, algorithm }),
      ask(hasher, { role: 'hash', memory }),
    ])
    signal?.throwIfAborted()
    const [chunked, hashed] = answers.map(answerOf)
    if (!('chunkMap' in chunked!) || !('sha' in hashed!)) throw new LaneLost('threads mixed up')
    const map = decodeChunkMap(chunked.chunkMap)
    const { loose, size } = chunked
    return { digest: { sha: hashed.sha, size }, map, ...(loose && { loose }) }
  } finally {
    signal?.removeEventListener('abort', cancel)
  }
}

function ask(worker: Worker, job: LaneJob): Promise<LaneAnswer> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      worker.off('message', answered).off('error', failed).off('exit', ended)
      worker.unref()
    }
    const answered = (answer: LaneAnswer): void => {
      done()
      if ('error' in answer) reject(Object.assign(new Error(answer.error.message), answer.error))
      else resolve(answer)
    }
    const failed = (cause: unknown): void => {
      done()
      openRing(job.memory).cancel()
      reject(new LaneLost('a hashing thread failed', { cause }))
    }
    const ended = (): void => failed(undefined)
    worker.on('message', answered).on('error', failed).on('exit', ended)
    // Held only while it works: a process that awaits the answer must not end before it.
    worker.ref()
    worker.postMessage(job)
  })
}

function answerOf(settled: PromiseSettledResult<LaneAnswer>): LaneAnswer {
  if (settled.status === 'rejected') throw settled.reason
  return settled.value
}

async function chooseAlgorithm(path: string): Promise<ChunkAlgorithm | undefined> {
  const file = await openFileSource(path)
  try {
    const head = Buffer.alloc(8)
    await file.read(head, 0)
    const chosen = algorithmFor(head, file.size)
    // A compressed .blend is cut like a plain one, by what it holds.
    const isFramed = startsAsFrame(head) && (await readFrames(file)) !== undefined
    return chosen !== undefined && isFramed ? 'blend1' : chosen
  } finally {
    await file.close()
  }
}
