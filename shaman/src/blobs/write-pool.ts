import { Worker } from 'node:worker_threads'
import { ShamanError } from '../errors.ts'

/** Hashes and writes many small files in threads, so that it does not hold up requests and goes on side by side. */
export interface WritePool {
  /** Writes a new file unless its SHA-256 is another, and makes the directory its blob is going to lie in. */
  write(file: NewFile): Promise<void>
  /** Undefined while there is room for more; whoever reads from a network waits for it. */
  room(): Promise<void> | undefined
  close(): Promise<void>
}

/** A file to write. Bytes in shared memory are not copied; they must stay as they are until it is written. */
export interface NewFile {
  path: string
  dir: string
  sha: string
  bytes: Uint8Array
}

/** Files for a thread to write. */
export interface WriteBatch {
  id: number
  memories: SharedArrayBuffer[]
  files: { path: string; dir: string; sha: string; memory: number; start: number; size: number }[]
}

/** What became of each file of a batch. */
export interface WriteResult {
  id: number
  errors: ({ code: string; message: string } | null)[]
}

interface Waiting extends NewFile {
  resolve(): void
  reject(error: Error): void
}

interface Thread {
  worker: Worker
  running: number
}

// More threads than cores: under load most of the time is spent waiting for the file system's journal.
const maxThreads = 4
const batchLength = 32
const batchBytes = 1 << 20
const mostQueuedBytes = 8 << 20

/** Creates a pool; its threads start as there is work for them and keep no process alive. */
export function createWritePool(): WritePool {
  const threads: Thread[] = []
  const running = new Map<number, { thread: Thread; files: Waiting[] }>()
  let gathered: Waiting[] = []
  let gatheredBytes = 0
  let isPlanned = false
  let nextId = 0
  let queuedBytes = 0
  let room: { promise: Promise<void>; resolve: () => void } | undefined

  return {
    write(file) {
      return new Promise((resolve, reject) => {
        gathered.push({ ...file, resolve, reject })
        gatheredBytes += file.bytes.byteLength
        queuedBytes += file.bytes.byteLength
        if (gathered.length >= batchLength || gatheredBytes >= batchBytes) send()
        else if (!isPlanned) {
          isPlanned = true
          setImmediate(() => {
            isPlanned = false
            send()
          })
        }
      })
    },
    room() {
      if (queuedBytes <= mostQueuedBytes) return undefined
      room ??= Promise.withResolvers()
      return room.promise
    },
    async close() {
      await Promise.all(threads.map(({ worker }) => worker.terminate()))
    },
  }

  function send(): void {
    if (gathered.length === 0) return
    const files = gathered
    gathered = []
    gatheredBytes = 0
    const id = nextId
    nextId += 1
    const thread = leastBusy()
    thread.running += 1
    running.set(id, { thread, files })
    thread.worker.postMessage(batchOf(id, files))
  }

  function leastBusy(): Thread {
    const idlest = threads.toSorted((a, b) => a.running - b.running)[0]
    if (idlest && (idlest.running === 0 || threads.length >= maxThreads)) return idlest
    return start()
  }

  function start(): Thread {
    const worker = new Worker(new URL('write-worker.ts', import.meta.url))
    const thread = { worker, running: 0 }
    worker.unref()
    worker.on('message', finish)
    worker.on('error', (error) => fail(thread, error))
    worker.on('exit', () => fail(thread, new Error('a writing thread stopped')))
    threads.push(thread)
    return thread
  }

  function finish({ id, errors }: WriteResult): void {
    const batch = running.get(id)
    if (!batch) return
    running.delete(id)
    batch.thread.running -= 1
    release(batch.files)
    for (const [i, file] of batch.files.entries()) {
      const problem = errors[i]
      if (problem) file.reject(asError(problem))
      else file.resolve()
    }
  }

  function release(files: readonly Waiting[]): void {
    for (const { bytes } of files) queuedBytes -= bytes.byteLength
    if (queuedBytes > mostQueuedBytes) return
    room?.resolve()
    room = undefined
  }

  function fail(thread: Thread, error: unknown): void {
    const place = threads.indexOf(thread)
    if (place !== -1) threads.splice(place, 1)
    for (const [id, batch] of running) {
      if (batch.thread !== thread) continue
      running.delete(id)
      release(batch.files)
      for (const file of batch.files) file.reject(error as Error)
    }
  }
}

function batchOf(id: number, files: readonly NewFile[]): WriteBatch {
  const memories: SharedArrayBuffer[] = []
  const placed = files.map(({ path, dir, sha, bytes }) => {
    const shared = inSharedMemory(bytes)
    let memory = memories.indexOf(shared.buffer)
    if (memory === -1) memory = memories.push(shared.buffer) - 1
    return { path, dir, sha, memory, start: shared.byteOffset, size: shared.byteLength }
  })
  return { id, memories, files: placed }
}

function inSharedMemory(bytes: Uint8Array): Uint8Array<SharedArrayBuffer> {
  if (bytes.buffer instanceof SharedArrayBuffer) return bytes as Uint8Array<SharedArrayBuffer>
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.byteLength))
  copy.set(bytes)
  return copy
}

function asError({ code, message }: { code: string; message: string }): Error {
  if (code === 'BLOB_DIGEST_MISMATCH') return new ShamanError(code, message)
  return Object.assign(new Error(message), { code })
}
