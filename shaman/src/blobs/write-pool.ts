import { type Disk, makeDir } from '../disk.ts'
import { mismatch } from './temp-file.ts'
import {
  joined,
  type Problem,
  placeLength,
  type ThreadRequest,
  tempPath,
} from './thread-messages.ts'
import { asError, type Threads } from './threads.ts'

/** Hashes and writes many small files in threads, so that it does not hold up requests and goes on side by side. */
export interface WritePool {
  /**
   * Writes new files, but for one whose SHA-256 is another, and makes the directories that their blobs are going to lie in.
   * Resolves to the path of each, or why there is none; never rejects.
   */
  write(files: readonly NewFile[]): Promise<(string | Error)[]>
  /** Undefined while there is room for more; whoever reads from a network waits for it. */
  room(): Promise<void> | undefined
}

/** A file to write. Bytes in shared memory are not copied; they must stay as they are until it is written. */
export interface NewFile {
  /** Where its blob is going to lie, if that is a directory of its own. */
  dir: string | undefined
  sha: string
  bytes: Uint8Array
}

interface Waiting {
  files: readonly NewFile[]
  resolve(results: (string | Error)[]): void
}

const batchLength = 128
const batchBytes = 1 << 20
// While so many are under way, what arrives is gathered: a message costs as much as writing a file.
const mostUnderWay = 4
const mostQueuedBytes = 8 << 20

/** What a {@link WritePool} works with. */
export interface WritePoolParts {
  threads: Threads
  disk: Disk
  /** Its files lie in directories of their own in there: in one, threads wait for each other and for whoever renames. */
  dir: string
}

/** Creates a pool over some threads. */
export function createWritePool({ threads, disk, dir }: WritePoolParts): WritePool {
  const rooms = new Set<string>()
  let messages = 0
  let gathered: Waiting[] = []
  let gatheredFiles = 0
  let gatheredBytes = 0
  let isPlanned = false
  let queuedBytes = 0
  let underWay = 0
  let room: { promise: Promise<void>; resolve: () => void } | undefined

  return {
    write(files) {
      return new Promise((resolve) => {
        gathered.push({ files, resolve })
        gatheredFiles += files.length
        const bytes = bytesOf(files)
        gatheredBytes += bytes
        queuedBytes += bytes
        if (gatheredFiles >= batchLength || gatheredBytes >= batchBytes) void send()
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
    const waiting = gathered
    const bytes = gatheredBytes
    gathered = []
    gatheredFiles = 0
    gatheredBytes = 0
    if (waiting.length === 0) return
    underWay += 1
    const results = await writeInThread(waiting.flatMap(({ files }) => files))
    underWay -= 1
    for (const { files, resolve } of waiting) resolve(results.splice(0, files.length))
    release(bytes)
    void send()
  }

  async function writeInThread(files: readonly NewFile[]): Promise<(string | Error)[]> {
    try {
      const prefix = nextPrefix()
      const problems = await threads.pick('names').ask(requestOf(prefix, files))
      return files.map((file, i) => errorOf(file, problems[i]) ?? tempPath(prefix, i))
    } catch (error) {
      return files.map(() => error as Error)
    }
  }

  function nextPrefix(): string {
    const message = messages++
    const room = `${dir}/${message % mostUnderWay}`
    if (!rooms.has(room)) makeDir(disk, room)
    rooms.add(room)
    return `${room}/${message.toString(36)}`
  }

  function release(bytes: number): void {
    queuedBytes -= bytes
    if (queuedBytes > mostQueuedBytes) return
    room?.resolve()
    room = undefined
  }
}

function bytesOf(files: readonly NewFile[]): number {
  let bytes = 0
  for (const file of files) bytes += file.bytes.byteLength
  return bytes
}

function errorOf({ sha, bytes }: NewFile, problem: Problem | null | undefined): Error | undefined {
  if (!problem) return undefined
  if (problem.code !== 'BLOB_DIGEST_MISMATCH') return asError(problem)
  const size = bytes.byteLength
  return mismatch({ sha: problem.message, size }, { sha, size })
}

function requestOf(prefix: string, files: readonly NewFile[]): ThreadRequest & { do: 'write' } {
  const memories: SharedArrayBuffer[] = []
  const places = new Float64Array(placeLength * files.length)
  let at = 0
  for (const { bytes } of files) {
    const shared = inSharedMemory(bytes)
    let memory = memories.indexOf(shared.buffer)
    if (memory === -1) memory = memories.push(shared.buffer) - 1
    places[at++] = memory
    places[at++] = shared.byteOffset
    places[at++] = shared.byteLength
  }
  const dirs = files.flatMap(({ dir }) => dir ?? [])
  return {
    do: 'write',
    prefix,
    shas: joined(files.map(({ sha }) => sha)),
    dirs: joined(dirs),
    memories,
    places,
  }
}

function inSharedMemory(bytes: Uint8Array): Uint8Array<SharedArrayBuffer> {
  if (bytes.buffer instanceof SharedArrayBuffer) return bytes as Uint8Array<SharedArrayBuffer>
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.byteLength))
  copy.set(bytes)
  return copy
}
