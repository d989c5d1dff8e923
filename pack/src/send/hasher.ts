import { createHash } from 'node:crypto'
import { on } from 'node:events'
import { availableParallelism } from 'node:os'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { FileReader } from '@shaman-farm/shaman/client'
import type { HashNews } from './hash-worker.ts'
import type { KeptBytes } from './kept-bytes.ts'

/** Who wants a digest: may stop it, and hears of every part that was read. */
export interface HashRun {
  readonly signal?: AbortSignal
  readonly onBytes: (count: number) => void
}

/** What was read. */
export interface Hashed {
  readonly sha: string
  /** All of a small file, when it was kept. */
  readonly bytes?: Uint8Array | undefined
}

/** Reads files and computes their SHA-256, as many at once as it has lanes. Errors are the system's own. */
export interface Hasher {
  readonly lanes: number
  hash(path: string, run: HashRun): Promise<Hashed>
  close(): Promise<void>
}

// Below this a thread's start takes longer than what it saves.
const bytesPerThread = 256 * 1024 * 1024
const mostThreads = 4
const readBytes = 1024 * 1024
/** Reads overlap with hashing, so a few lanes keep a core busy even on a slow share. */
const lanesOfOne = 4

/** Threads for much work on a machine with cores to spare, else this thread. */
export function openHasher(
  bytes: number,
  { reader, keeper }: { reader: FileReader; keeper: KeptBytes },
  threads = Math.min(availableParallelism(), mostThreads, Math.floor(bytes / bytesPerThread)),
): Hasher {
  return threads > 1 ? hashInThreads(threads) : hashHere(reader, keeper)
}

function hashHere(reader: FileReader, keeper: KeptBytes): Hasher {
  const spare: Buffer[] = []
  return {
    lanes: lanesOfOne,
    async hash(path, { signal, onBytes }) {
      const hash = createHash('sha256')
      const buffer = spare.pop() ?? Buffer.allocUnsafe(readBytes)
      const file = await reader.open(path)
      let read = 0
      try {
        for (;;) {
          signal?.throwIfAborted()
          const bytesRead = await file.read(buffer, 0, buffer.length)
          if (bytesRead === 0) break
          hash.update(buffer.subarray(0, bytesRead))
          read += bytesRead
          onBytes(bytesRead)
          // Large ones leave their turn to progress and cancelling, though each part be read at once.
          if (bytesRead === buffer.length) await nextTurn()
        }
      } finally {
        file.close()
      }
      // Of a larger file the buffer holds but the end.
      const bytes = read < buffer.length ? keeper.keep(buffer.subarray(0, read)) : undefined
      spare.push(buffer)
      return { sha: hash.digest('hex'), bytes }
    },
    async close() {},
  }
}

function hashInThreads(threads: number): Hasher {
  const script = new URL('./hash-worker.ts', import.meta.url)
  const workers = Array.from({ length: threads }, () => new Worker(script))
  const idle = [...workers]
  return {
    lanes: threads,
    async hash(path, { signal, onBytes }) {
      const worker = idle.pop()
      if (!worker) throw new Error('More files at once than threads')
      const messages = on(worker, 'message', { close: ['exit'], ...(signal && { signal }) })
      worker.postMessage(path)
      for await (const [news] of messages as AsyncIterable<[HashNews]>) {
        if ('read' in news) {
          onBytes(news.read)
          continue
        }
        idle.push(worker)
        if ('sha' in news) return news
        throw Object.assign(new Error(news.failed), { code: news.code })
      }
      throw new Error('The thread ended without a digest')
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()))
    },
  }
}
