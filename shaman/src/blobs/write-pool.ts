import { mismatch } from './temp-file.ts'
import type { PlacedFile, Problem, ThreadRequest } from './thread-messages.ts'
import { asError, type Threads } from './threads.ts'

/** Hashes and writes many small files in threads, so that it does not hold up requests and goes on side by side. */
export interface WritePool {
  /** Writes a new file unless its SHA-256 is another, and makes the directory its blob is going to lie in. */
  write(file: NewFile): Promise<void>
  /** Undefined while there is room for more; whoever reads from a network waits for it. */
  room(): Promise<void> | undefined
}

/** A file to write. Bytes in shared memory are not copied; they must stay as they are until it is written. */
export interface NewFile {
  path: string
  /** Where its blob is going to lie, if that is a directory of its own. */
  dir: string | undefined
  sha: string
  bytes: Uint8Array
}

interface Waiting extends NewFile {
  resolve(): void
  reject(error: unknown): void
}

const batchLength = 128
const batchBytes = 1 << 20
// While so many are under way, what arrives is gathered: a message costs as much as writing a file.
const mostUnderWay = 4
const mostQueuedBytes = 8 << 20

/** Creates a pool over some threads. */
export function createWritePool(threads: Threads): WritePool {
  let gathered: Waiting[] = []
  let gatheredBytes = 0
  let isPlanned = false
  let queuedBytes = 0
  let underWay = 0
  let room: { promise: Promise<void>; resolve: () => void } | undefined

  return {
    write(file) {
      return new Promise((resolve, reject) => {
        gathered.push({ ...file, resolve, reject })
        gatheredBytes += file.bytes.byteLength
        queuedBytes += file.bytes.byteLength
        if (gathered.length >= batchLength || gatheredBytes >= batchBytes) void send()
        else if (!isPlanned) {
          isPlanned = true
          setImmediate(() => {
            isPlanned = false
            if (underWay < mostUnderWay) void send()
          })
        }
      })
    },
    room() {
      if (queuedBytes <= mostQueuedBytes) return undefined
      room ??= Promise.withResolvers()
      return room.promise
    },
  }

  async function send(): Promise<void> {
    const files = gathered
    gathered = []
    gatheredBytes = 0
    if (files.length === 0) return
    underWay += 1
    try {
      const problems = await threads.pick().ask(requestOf(files))
      for (const [i, file] of files.entries()) answer(file, problems[i] ?? null)
    } catch (error) {
      for (const file of files) file.reject(error)
    } finally {
      underWay -= 1
      release(files)
      void send()
    }
  }

  function release(files: readonly Waiting[]): void {
    for (const { bytes } of files) queuedBytes -= bytes.byteLength
    if (queuedBytes > mostQueuedBytes) return
    room?.resolve()
    room = undefined
  }
}

function answer(file: Waiting, problem: Problem | null): void {
  if (problem === null) file.resolve()
  else if (problem.code !== 'BLOB_DIGEST_MISMATCH') file.reject(asError(problem))
  else {
    const size = file.bytes.byteLength
    file.reject(mismatch({ sha: problem.message, size }, { sha: file.sha, size }))
  }
}

function requestOf(files: readonly NewFile[]): ThreadRequest & { do: 'write' } {
  const memories: SharedArrayBuffer[] = []
  const placed = files.map(({ path, dir, sha, bytes }): PlacedFile => {
    const shared = inSharedMemory(bytes)
    let memory = memories.indexOf(shared.buffer)
    if (memory === -1) memory = memories.push(shared.buffer) - 1
    return { path, dir, sha, memory, start: shared.byteOffset, size: shared.byteLength }
  })
  return { do: 'write', memories, files: placed }
}

function inSharedMemory(bytes: Uint8Array): Uint8Array<SharedArrayBuffer> {
  if (bytes.buffer instanceof SharedArrayBuffer) return bytes as Uint8Array<SharedArrayBuffer>
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.byteLength))
  copy.set(bytes)
  return copy
}
