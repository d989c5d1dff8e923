import { Worker } from 'node:worker_threads'

/** Writes many small files in threads, so that creating them does not hold up requests and goes on side by side. */
export interface WritePool {
  /** Writes a new file, and makes the directory its blob is going to lie in. */
  write(path: string, dir: string, bytes: Uint8Array): Promise<void>
  /** Resolves when there is room for more; whoever reads from a network waits for it. */
  room(): Promise<void>
  close(): Promise<void>
}

/** Files for a thread to write; their bytes lie one after another in `buffer`. */
export interface WriteBatch {
  id: number
  buffer: ArrayBuffer
  files: { path: string; dir: string; start: number; end: number }[]
}

/** What became of each file of a batch. */
export interface WriteResult {
  id: number
  errors: ({ code: string; message: string } | null)[]
}

interface Waiting {
  path: string
  dir: string
  bytes: Uint8Array
  resolve(): void
  reject(error: Error): void
}

// More threads than cores: under load most of the time is spent waiting for the file system's journal.
const threads = 4
const batchLength = 32
const batchBytes = 1 << 20
const mostQueuedBytes = 8 << 20

/** Creates a pool; its threads start with the first batch and keep no process alive. */
export function createWritePool(): WritePool {
  const workers: Worker[] = []
  const running = new Map<number, { worker: Worker; files: Waiting[] }>()
  let gathered: Waiting[] = []
  let gatheredBytes = 0
  let isPlanned = false
  let nextId = 0
  let queuedBytes = 0
  let waiters: (() => void)[] = []

  return {
    write(path, dir, bytes) {
      return new Promise((resolve, reject) => {
        gathered.push({ path, dir, bytes, resolve, reject })
        gatheredBytes += bytes.byteLength
        queuedBytes += bytes.byteLength
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
    async room() {
      while (queuedBytes > mostQueuedBytes) {
        await new Promise<void>((resolve) => waiters.push(resolve))
      }
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()))
    },
  }

  function send(): void {
    if (gathered.length === 0) return
    const files = gathered
    const buffer = new ArrayBuffer(gatheredBytes)
    const target = new Uint8Array(buffer)
    gathered = []
    gatheredBytes = 0
    let at = 0
    const places = files.map(({ path, dir, bytes }) => {
      const start = at
      target.set(bytes, start)
      at += bytes.byteLength
      return { path, dir, start, end: at }
    })
    const id = nextId
    nextId += 1
    const worker = workers[id % threads] ?? start()
    running.set(id, { worker, files })
    worker.postMessage({ id, buffer, files: places } satisfies WriteBatch, [buffer])
  }

  function start(): Worker {
    const worker = new Worker(new URL('write-worker.ts', import.meta.url))
    worker.unref()
    worker.on('message', finish)
    worker.on('error', (error) => fail(worker, error))
    worker.on('exit', () => fail(worker, new Error('a writing thread stopped')))
    workers.push(worker)
    return worker
  }

  function finish({ id, errors }: WriteResult): void {
    const batch = running.get(id)
    running.delete(id)
    release(batch?.files ?? [])
    for (const [i, file] of (batch?.files ?? []).entries()) {
      const problem = errors[i]
      if (problem) file.reject(Object.assign(new Error(problem.message), { code: problem.code }))
      else file.resolve()
    }
  }

  function release(files: readonly Waiting[]): void {
    for (const { bytes } of files) queuedBytes -= bytes.byteLength
    const woken = waiters
    waiters = []
    for (const wake of woken) wake()
  }

  function fail(worker: Worker, error: unknown): void {
    const place = workers.indexOf(worker)
    if (place !== -1) workers.splice(place, 1)
    for (const [id, batch] of running) {
      if (batch.worker !== worker) continue
      running.delete(id)
      release(batch.files)
      for (const file of batch.files) file.reject(error as Error)
    }
  }
}
