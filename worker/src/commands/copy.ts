import { createReadStream, createWriteStream } from 'node:fs'
import {
  chmod,
  constants,
  copyFile,
  lstat,
  mkdir,
  readdir,
  readlink,
  rename,
  rm,
  symlink,
  utimes,
} from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

const { COPYFILE_EXCL, COPYFILE_FICLONE_FORCE } = constants
const pieceBytes = 1 << 20

/** Copies a file's bytes to a new file; what was copied goes again when that fails or the signal fires. */
export async function copyBytes(src: string, dest: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  if (await shareBytes(src, dest)) return
  // Node's own copy cannot be stopped, and a film may take an hour.
  const to = createWriteStream(dest, { flags: 'wx', highWaterMark: pieceBytes })
  let isOurs = false
  to.once('open', () => {
    isOurs = true
  })
  try {
    await pipeline(createReadStream(src, { highWaterMark: pieceBytes }), to, { signal })
  } catch (error) {
    if (isOurs) await rm(dest, { force: true })
    throw error
  }
}

/** Renames, or, where another file system is mounted, copies and removes. Stopped in the middle, it leaves the source whole. */
export async function move(src: string, dest: string, signal: AbortSignal): Promise<void> {
  try {
    await rename(src, dest)
    return
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error
  }
  try {
    await copyTree(src, dest, signal)
  } catch (error) {
    await rm(dest, { recursive: true, force: true })
    throw error
  }
  await rm(src, { recursive: true })
}

async function copyTree(src: string, dest: string, signal: AbortSignal): Promise<void> {
  const info = await lstat(src)
  if (info.isSymbolicLink()) return symlink(await readlink(src), dest)
  if (info.isDirectory()) {
    await mkdir(dest)
    for (const name of await readdir(src)) await copyTree(join(src, name), join(dest, name), signal)
  } else await copyBytes(src, dest, signal)
  // Last: what is read-only or old is so only when it is whole.
  await chmod(dest, info.mode & 0o7777)
  await utimes(dest, info.atime, info.mtime)
}

/** One copy of the bytes for both, where the volume can do that. */
async function shareBytes(src: string, dest: string): Promise<boolean> {
  try {
    await copyFile(src, dest, COPYFILE_EXCL | COPYFILE_FICLONE_FORCE)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw error
    return false
  }
}
