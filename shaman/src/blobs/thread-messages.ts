// What the server and its threads say to each other; a room of its own, so that neither has to know the other's.

/** What a thread is asked to do. */
export type ThreadRequest =
  | { do: 'write'; memories: SharedArrayBuffer[]; files: PlacedFile[] }
  | { do: 'link'; links: { target: string; path: string }[] }
  | { do: 'look'; paths: string[] }
  | { do: 'append'; fd: number; direct: number | undefined; bytes: Uint8Array }
  | { do: 'hash'; stream: number; bytes: Uint8Array }
  | { do: 'read'; stream: number; path: string; size: number }
  | { do: 'finish'; stream: number }

/** What it answers. */
export interface Answers {
  /** A problem for each file that has one; a file whose SHA-256 is another has the code `BLOB_DIGEST_MISMATCH`. */
  write: (Problem | null)[]
  link: undefined
  /** The size of each regular file, -1 where there is none. */
  look: number[]
  append: undefined
  hash: undefined
  read: undefined
  /** The SHA-256 of all that was hashed and read, and forgets it. */
  finish: string
}

/** A file to write, and where its bytes are. */
export interface PlacedFile {
  path: string
  dir: string | undefined
  sha: string
  memory: number
  start: number
  size: number
}

/** An error, as far as it travels between threads. */
export interface Problem {
  code: string
  message: string
}

/** What a thread answers to a request. */
export type ThreadAnswer = { id: number } & ({ answer: unknown } | { problem: Problem })
