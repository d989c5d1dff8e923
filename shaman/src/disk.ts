import fs from 'node:fs'
import { promisify } from 'node:util'
import { isCode } from './errors.ts'

/**
 * The file-system calls of the write path, in one place so that tests can make any of them fail.
 *
 * Calls on names are synchronous: they take 5-30 µs, their promise forms 2-11 times as long, and a turn of the event loop
 * that nobody can interleave makes "look, then rename" atomic within the process; a batch of blobs gets its names in threads, and who
 * else may move one of them is told to keep off meanwhile (`isSettling`). What waits for the medium or moves much data is asynchronous.
 */
export interface Disk {
  openSync(path: string, flags: number | string, mode?: number): number
  writeSync(fd: number, chunk: Uint8Array, offset: number): number
  /** Gives a file another size; bytes that it did not have are zero and take no room. */
  ftruncateSync(fd: number, size: number): void
  closeSync(fd: number): void
  renameSync(from: string, to: string): void
  linkSync(from: string, to: string): void
  /** The target must not exist yet; `reflink` shares the blocks, or fails. */
  copyFileSync(from: string, to: string, how: { reflink: boolean }): void
  mkdirSync(path: string): void
  rmdirSync(path: string): void
  unlinkSync(path: string): void
  symlinkSync(target: string, path: string): void
  chmodSync(path: string, mode: number): void
  /** Undefined when nothing is there; never follows a link. */
  lstatSync(path: string): fs.Stats | undefined
  write(fd: number, chunks: readonly Uint8Array[]): Promise<number>
  fdatasync(fd: number): Promise<void>
  fsync(fd: number): Promise<void>
  freeBytes(path: string): Promise<number>
}

const writev = promisify(
  (fd: number, chunks: readonly Uint8Array[], done: (error: Error | null, n?: number) => void) =>
    fs.writev(fd, chunks, done),
) as (fd: number, chunks: readonly Uint8Array[]) => Promise<number>

const exclusive = fs.constants.COPYFILE_EXCL

/** The real file system. */
export const realDisk: Disk = {
  openSync: (path, flags, mode) => fs.openSync(path, flags, mode),
  writeSync: (fd, chunk, offset) => fs.writeSync(fd, chunk, offset),
  ftruncateSync: (fd, size) => fs.ftruncateSync(fd, size),
  closeSync: (fd) => fs.closeSync(fd),
  renameSync: (from, to) => fs.renameSync(from, to),
  linkSync: (from, to) => fs.linkSync(from, to),
  copyFileSync: (from, to, { reflink }) =>
    fs.copyFileSync(from, to, exclusive | (reflink ? fs.constants.COPYFILE_FICLONE_FORCE : 0)),
  mkdirSync: (path) => {
    fs.mkdirSync(path, 0o777)
  },
  rmdirSync: (path) => fs.rmdirSync(path),
  unlinkSync: (path) => fs.unlinkSync(path),
  symlinkSync: (target, path) => fs.symlinkSync(target, path),
  chmodSync: (path, mode) => fs.chmodSync(path, mode),
  lstatSync: (path) => fs.lstatSync(path, { throwIfNoEntry: false }),
  write: writev,
  fdatasync: promisify(fs.fdatasync),
  fsync: promisify(fs.fsync),
  async freeBytes(path) {
    const { bavail, bsize } = await fs.promises.statfs(path)
    return bavail * bsize
  },
}

/** Writes all of a chunk; a short write is continued, not forgotten. */
export function writeAllSync(disk: Disk, fd: number, chunk: Uint8Array): void {
  let done = 0
  while (done < chunk.byteLength) done += disk.writeSync(fd, chunk, done)
}

/** Writes all of several chunks in order. */
export async function writeAll(
  disk: Disk,
  fd: number,
  chunks: readonly Uint8Array[],
): Promise<void> {
  let rest = chunks.filter((chunk) => chunk.byteLength > 0)
  while (rest.length > 0) rest = dropWritten(rest, await disk.write(fd, rest))
}

function dropWritten(chunks: readonly Uint8Array[], written: number): Uint8Array[] {
  let left = written
  const rest: Uint8Array[] = []
  for (const chunk of chunks) {
    if (left >= chunk.byteLength) left -= chunk.byteLength
    else {
      rest.push(left > 0 ? chunk.subarray(left) : chunk)
      left = 0
    }
  }
  return rest
}

/** Lets other work run between slices of synchronous calls. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Creates a directory, and its parent if need be; an existing one is fine. */
export function makeDir(disk: Disk, path: string): void {
  try {
    disk.mkdirSync(path)
  } catch (error) {
    if (isCode(error, 'EEXIST')) return
    if (!isCode(error, 'ENOENT')) throw error
    makeDir(disk, path.slice(0, path.lastIndexOf('/')))
    makeDir(disk, path)
  }
}

/** Removes a file that may be gone already. */
export function removeQuietly(disk: Disk, path: string): void {
  try {
    disk.unlinkSync(path)
  } catch {
    // Gone already, or the sweep at the next start takes it.
  }
}
