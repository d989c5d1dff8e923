import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { FrameContent, PackAnswer, PackJob } from './frame-worker.ts'

/** Compresses frames as Blender does, on threads of its own. */
export interface FramePacker {
  /** Packs what parts put together; they are read and unpacked on the thread as well. */
  pack(content: FrameContent): Promise<Uint8Array>
  close(): Promise<void>
}

interface Waiting {
  resolve(packed: Uint8Array): void
  reject(error: Error): void
}

interface Thread {
  readonly worker: Worker
  readonly waiting: Map<number, Waiting>
}

/** Creates the packer; its threads start with the first frame and never hold the process open. */
export function createFramePacker(options: { threads?: number; worker?: URL } = {}): FramePacker {
  const { worker: script = new URL('./frame-worker.ts', import.meta.url) } = options
  const most = options.threads ?? Math.min(2, availableParallelism())
  const threads: Thread[] = []
  let nextId = 0

  return {
    pack(content) {
      const thread = leastBusy()
      const id = nextId++
      return new Promise((resolve, reject) => {
        thread.waiting.set(id, { resolve, reject })
        thread.worker.ref()
        thread.worker.postMessage({ id, ...content } satisfies PackJob)
      })
    },
    async close() {
      await Promise.all(threads.splice(0).map(({ worker }) => worker.terminate()))
    },
  }

  function leastBusy(): Thread {
    const idle = threads.find(({ waiting }) => waiting.size === 0)
    if (idle !== undefined) return idle
    if (threads.length < most) return startThread()
    return threads.toSorted((a, b) => a.waiting.size - b.waiting.size)[0]!
  }

  function startThread(): Thread {
    const thread: Thread = { worker: new Worker(script), waiting: new Map() }
    const { worker, waiting } = thread
    worker.on('message', (answer: PackAnswer) => {
      const asked = waiting.get(answer.id)
      waiting.delete(answer.id)
      // Held only while it works: a process that awaits the answer must not end before it.
      if (waiting.size === 0) worker.unref()
      if ('error' in answer) asked?.reject(new Error(answer.error))
      else asked?.resolve(answer.packed)
    })
    const lost = (cause?: unknown): void => {
      const at = threads.indexOf(thread)
      if (at >= 0) threads.splice(at, 1)
      for (const { reject } of waiting.values()) {
        reject(new Error('a compressing thread ended', { cause }))
      }
      waiting.clear()
    }
    worker.on('error', lost).on('exit', () => lost())
    worker.unref()
    threads.push(thread)
    return thread
  }
}
