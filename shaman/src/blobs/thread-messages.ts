import type { Digest } from '../digest.ts'
import type { Layout, LayoutVersion } from '../layout.ts'

// What the server and its threads say to each other; a room of its own, so that neither has to know the other's.

/** What a thread is asked to do. */
export type ThreadRequest =
  | WriteRequest
  | NameRequest
  | LinkRequest
  | ({ do: 'look' } & Blobs)
  | { do: 'share'; number: number; memory: SharedArrayBuffer }
  | { do: 'append'; stream: number; fd: number; direct: number | undefined; bytes: SharedBytes }
  | { do: 'hash'; stream: number; bytes: SharedBytes }
  | { do: 'read'; stream: number; path: string; size: number }
  | { do: 'finish'; stream: number }
  | { do: 'forget'; stream: number }

/** What it answers. */
export interface Answers {
  /** A problem for each file that has one; a file whose SHA-256 is another has the code `BLOB_DIGEST_MISMATCH`. */
  write: (Problem | null)[]
  /** Whether each has its name now, or a file of its size was there already. */
  name: ('named' | 'present' | Problem)[]
  link: undefined
  /** 1 for each that is a regular file of its size, else 0. */
  look: Uint8Array
  share: undefined
  /** Fails for all that follows what failed, until the stream is forgotten: a file has no holes. */
  append: undefined
  hash: undefined
  read: undefined
  /** The SHA-256 of all that was hashed and read, and forgets it. */
  finish: string
  forget: undefined
}

/** Files to write. As columns: an object for each took the sending thread a fifth of its time. */
export interface WriteRequest {
  do: 'write'
  /** Their paths begin with it, see {@link tempPath}. */
  prefix: string
  shas: Joined
  /** Directories that their blobs are going to lie in, of those that have one of their own. */
  dirs: Joined
  memories: SharedArrayBuffer[]
  /** {@link placeLength} numbers for each: which memory, from which byte on, how many. */
  places: Float64Array
}

/** Temp files to rename to the places of their blobs, where no file of the right size is. */
export interface NameRequest extends Blobs {
  do: 'name'
  temps: Joined
  /** 1 for each of which it is known that no such file is there. */
  absent: Uint8Array
}

/** Links to blobs to make in a checkout's folder, with the folders that they lie in. */
export interface LinkRequest extends Blobs {
  do: 'link'
  root: string
  dir: string
  depth: number
  paths: Joined
}

/** Blobs of a store. Their paths, twice as long, are made where they are needed. */
export interface Blobs {
  fileStore: string
  version: LayoutVersion
  shas: Joined
  sizes: Float64Array
}

/** Blobs as they travel between threads. */
export function blobsOf({ fileStore, version }: Layout, digests: readonly Digest[]): Blobs {
  const sizes = new Float64Array(digests.length)
  for (let i = 0; i < digests.length; i += 1) sizes[i] = digests[i]!.size
  return { fileStore, version, shas: joined(digests.map(({ sha }) => sha)), sizes }
}

/** Bytes in shared memory, or where they lie in memory that the thread was told of before: to send memory takes some 70 µs. */
export type SharedBytes = Uint8Array | { memory: number; start: number; length: number }

/** How many numbers tell where a file's bytes are. */
export const placeLength = 3

/** The path of one of the files that are written together. */
export function tempPath(prefix: string, place: number): string {
  return `${prefix}-${place}.tmp`
}

/** Paths as one text: what separates them is in none. */
export type Joined = string

const separator = '\0'

/** Many texts without the letter NUL, none of them empty, as one. */
export function joined(texts: readonly string[]): Joined {
  return texts.join(separator)
}

/** The reverse of {@link joined}. */
export function separated(text: Joined): string[] {
  return text === '' ? [] : text.split(separator)
}

/** An error, as far as it travels between threads. */
export interface Problem {
  code: string
  message: string
}

/** What a thread answers to a request. */
export type ThreadAnswer = { id: number } & ({ answer: unknown } | { problem: Problem })
