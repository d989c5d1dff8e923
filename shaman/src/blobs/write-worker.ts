import { createHash, type Hash, hash } from 'node:crypto'
import fs from 'node:fs'
import { dirname } from 'node:path'
import { parentPort } from 'node:worker_threads'
import { blobPathsIn, linkTarget } from '../layout.ts'
import {
  type Answers,
  type Blobs,
  type Problem,
  placeLength,
  type SharedBytes,
  separated,
  type ThreadAnswer,
  type ThreadRequest,
  tempPath,
} from './thread-messages.ts'

// Runs in a thread of its own. It hashes, writes, names and links what it is told to, and decides nothing.

const flags = fs.constants.O_CREAT | fs.constants.O_EXCL | fs.constants.O_WRONLY
const readBytes = 1 << 20
const streams = new Map<number, Hash>()
const failed = new Set<number>()
const known = new Map<number, SharedArrayBuffer>()

const actions: {
  [A in ThreadRequest['do']]: (request: Extract<ThreadRequest, { do: A }>) => unknown
} = {
  write({ prefix, shas, dirs, memories, places }): Answers['write'] {
    for (const dir of separated(dirs)) makeDir(dir)
    return separated(shas).map((sha, i) => {
      const at = placeLength * i
      const bytes = new Uint8Array(memories[places[at]!]!, places[at + 1]!, places[at + 2]!)
      return store(tempPath(prefix, i), sha, bytes)
    })
  },
  name({ temps, absent, ...blobs }): Answers['name'] {
    const names = separated(temps)
    return eachBlob(blobs, (path, size, i) => {
      const isPresent = (): boolean => absent[i] !== 1 && isFileOf(path, size)
      return nameFile(names[i]!, path, isPresent)
    })
  },
  link({ root, dir, depth, paths, ...blobs }) {
    const links = separated(paths)
    eachBlob(blobs, (blob, _, i) => {
      const path = links[i]!
      makeLink(linkTarget({ path, depth }, blob, root), `${dir}/${path}`)
    })
  },
  look: (blobs) => Uint8Array.from(eachBlob(blobs, isFileOf)),
  share({ number, memory }) {
    known.set(number, memory)
  },
  append({ stream, fd, direct, bytes }) {
    if (failed.has(stream)) throw new Error('a write before this one failed')
    failed.add(stream)
    const given = bytesAt(bytes)
    const done = direct === undefined ? 0 : writeDirect(direct, given)
    writeAll(fd, given.subarray(done))
    failed.delete(stream)
  },
  hash({ stream, bytes }) {
    hasherOf(stream).update(bytesAt(bytes))
  },
  read: ({ stream, path, size }) => readInto(hasherOf(stream), path, size),
  finish({ stream }) {
    const sha = hasherOf(stream).digest('hex')
    streams.delete(stream)
    return sha
  },
  forget({ stream }) {
    failed.delete(stream)
  },
}

parentPort!.on('message', (request: ThreadRequest & { id: number }) => {
  let answer: ThreadAnswer
  try {
    const action = actions[request.do] as (request: ThreadRequest) => unknown
    answer = { id: request.id, answer: action(request) }
  } catch (error) {
    answer = { id: request.id, problem: problemOf(error) }
  }
  parentPort!.postMessage(answer)
})

function store(path: string, sha: string, bytes: Uint8Array): Problem | null {
  const got = hash('sha256', bytes, 'hex')
  if (got !== sha) return { code: 'BLOB_DIGEST_MISMATCH', message: got }
  try {
    const fd = fs.openSync(path, flags, 0o444)
    try {
      writeAll(fd, bytes)
    } finally {
      fs.closeSync(fd)
    }
    return null
  } catch (error) {
    fs.rmSync(path, { force: true })
    return problemOf(error)
  }
}

function nameFile(temp: string, blob: string, isPresent: () => boolean): Answers['name'][number] {
  try {
    if (isPresent()) return 'present'
    fs.renameSync(temp, blob)
    return 'named'
  } catch (error) {
    return problemOf(error)
  }
}

/** With the folders above it, which several threads may make at once. */
function makeLink(target: string, path: string): void {
  try {
    fs.symlinkSync(target, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    fs.mkdirSync(dirname(path), { recursive: true })
    fs.symlinkSync(target, path)
  }
}

function bytesAt(bytes: SharedBytes): Uint8Array {
  if (bytes instanceof Uint8Array) return bytes
  const memory = known.get(bytes.memory)
  // Without it there would be no bytes, and no error either.
  if (!memory) throw new Error('a thread was not told of the memory')
  return new Uint8Array(memory, bytes.start, bytes.length)
}

function writeAll(fd: number, bytes: Uint8Array): void {
  let done = 0
  while (done < bytes.byteLength) done += fs.writeSync(fd, bytes, done)
}

/** How many bytes went past the page cache; none where the system takes no such write, and they go the ordinary way. */
function writeDirect(fd: number, bytes: Uint8Array): number {
  try {
    return fs.writeSync(fd, bytes)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EINVAL') return 0
    throw error
  }
}

/** Only ahead of time: whoever renames into the directory makes it again if it has gone. */
function makeDir(dir: string): void {
  try {
    fs.mkdirSync(dir)
  } catch {
    // There already, or told when the blob gets its name.
  }
}

function eachBlob<T>(
  { shas, sizes, ...store }: Blobs,
  action: (path: string, size: number, place: number) => T,
): T[] {
  const { blob } = blobPathsIn(store)
  return separated(shas).map((sha, i) => {
    const size = sizes[i]!
    return action(blob({ sha, size }), size, i)
  })
}

function isFileOf(path: string, size: number): boolean {
  const stats = fs.lstatSync(path, { throwIfNoEntry: false })
  return stats?.isFile() === true && stats.size === size
}

function hasherOf(stream: number): Hash {
  const hasher = streams.get(stream) ?? createHash('sha256')
  streams.set(stream, hasher)
  return hasher
}

function readInto(hasher: Hash, path: string, size: number): void {
  const buffer = Buffer.allocUnsafe(readBytes)
  const fd = fs.openSync(path, 'r')
  try {
    for (let left = size; left > 0; ) {
      const got = fs.readSync(fd, buffer, 0, Math.min(left, readBytes), null)
      if (got === 0) throw Object.assign(new Error(`${path} is too short`), { code: 'EIO' })
      hasher.update(buffer.subarray(0, got))
      left -= got
    }
  } finally {
    fs.closeSync(fd)
  }
}

function problemOf(error: unknown): Problem {
  const { code, message } = error as NodeJS.ErrnoException
  return { code: code ?? 'EIO', message }
}
