import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Answers, Problem, ThreadAnswer, ThreadRequest } from './thread-messages.ts'

/** Threads for hashing and for calls of the file system that would hold up requests. */
export interface Threads {
  /** The least busy one of those that do such work. */
  pick(work: Work): Thread
  close(): Promise<void>
}

/** `names`: calls on many small files, which keep a core busy. `stream`: a large file's bytes, which wait for the medium. */
export type Work = 'names' | 'stream'

/** One of them. */
export interface Thread {
  ask<T extends ThreadRequest>(request: T): Promise<Answers[T['do']]>
  /** Tells it once of memory that is going to be used again and again; the number by which it knows that. */
  share(memory: SharedArrayBuffer): number
}

interface Running extends Thread {
  worker: Worker
  /** Why it answers no more. */
  failure?: unknown
  known: Map<SharedArrayBuffer, number>
  waiting: Map<number, { resolve(answer: unknown): void; reject(error: unknown): void }>
}

// Of threads that keep a core busy, more than cores are slower: 10,000 small files took 3-7 % longer with four on two cores, also
// where a journal is waited for.
const mostFor: Record<Work, number> = {
  names: Math.min(4, Math.max(2, availableParallelism())),
  stream: 4,
}
// They hold no more than what one request names; without a limit each grows by tens of MiB before it collects.
const resourceLimits = { maxYoungGenerationSizeMb: 4 }

/** What the threads run. Tests give a script whose file-system calls fail. */
export interface ThreadsOptions {
  script?: URL
  workerData?: unknown
}

/** Creates an empty set of threads; they start as there is work for them and keep no process alive. */
export function createThreads(options: ThreadsOptions = {}): Threads {
  const { script = new URL('write-worker.ts', import.meta.url), workerData } = options
  const threads: Running[] = []
  let nextId = 0

  return {
    pick(work) {
      const most = mostFor[work]
      const idlest = threads.slice(0, most).sort((a, b) => a.waiting.size - b.waiting.size)[0]
      if (idlest && (idlest.waiting.size === 0 || threads.length >= most)) return idlest
      return start()
    },
    async close() {
      await Promise.all(threads.map(({ worker }) => worker.terminate()))
    },
  }

  function start(): Thread {
    const worker = new Worker(script, { resourceLimits, workerData })
    const waiting: Running['waiting'] = new Map()
    const thread: Running = {
      worker,
      waiting,
      known: new Map(),
      share(memory) {
        const known = thread.known.get(memory)
        if (known !== undefined) return known
        const number = thread.known.size
        thread.known.set(memory, number)
        // A thread that ends meanwhile tells whoever asks it for something.
        thread.ask({ do: 'share', number, memory }).catch(() => undefined)
        return number
      },
      ask: (request) =>
        new Promise((resolve, reject) => {
          if (thread.failure !== undefined) return reject(thread.failure)
          nextId += 1
          waiting.set(nextId, { resolve: resolve as (answer: unknown) => void, reject })
          // Held only while it works: a process that awaits the answer must not end before it.
          worker.ref()
          worker.postMessage({ ...request, id: nextId })
        }),
    }
    worker.on('message', (message: ThreadAnswer) => {
      const asked = waiting.get(message.id)
      waiting.delete(message.id)
      if (waiting.size === 0) worker.unref()
      if ('problem' in message) asked?.reject(asError(message.problem))
      else asked?.resolve(message.answer)
    })
    worker.on('error', (error) => fail(thread, error))
    worker.on('exit', () => fail(thread, new Error('a writing thread stopped')))
    // Behind the listeners: the first of them holds the process again.
    worker.unref()
    threads.push(thread)
    return thread
  }

  function fail(thread: Running, error: unknown): void {
    const place = threads.indexOf(thread)
    if (place !== -1) threads.splice(place, 1)
    thread.failure ??= error
    const asked = [...thread.waiting.values()]
    thread.waiting.clear()
    for (const { reject } of asked) reject(error)
  }
}

/** A thread's problem as the error it was. */
export function asError({ code, message }: Problem): Error {
  return Object.assign(new Error(message), { code })
}
