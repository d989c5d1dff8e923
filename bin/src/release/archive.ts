import { createReadStream, createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { pack } from 'tar-stream'
import { ZipFile } from 'yazl'
import { type Entry, sizeOf, sorted } from './tree.ts'

export interface ArchiveOptions {
  /** The folder that everything unpacks into. */
  top: string
  /** Every file's time: a release is made from a commit, not at an hour. */
  modified: Date
}

/** A .tar.gz whose bytes depend on the entries alone. */
export async function writeTarGz(
  target: string,
  entries: readonly Entry[],
  { top, modified }: ArchiveOptions,
): Promise<void> {
  const tar = pack()
  const written = pipeline(tar, createGzip({ level: 6 }), createWriteStream(target))
  const add = async (): Promise<void> => {
    for (const entry of sorted(entries)) {
      const header = {
        name: `${top}/${entry.path}`,
        size: sizeOf(entry),
        mode: entry.executable ? 0o755 : 0o644,
        mtime: modified,
        uid: 0,
        gid: 0,
      }
      const { from } = entry
      if ('bytes' in from) tar.entry(header, Buffer.from(from.bytes))
      else await pipeline(createReadStream(from.file), tar.entry(header))
    }
    tar.finalize()
  }
  await Promise.all([written, add()])
}

/** A .zip whose bytes depend on the entries alone. */
export async function writeZip(
  target: string,
  entries: readonly Entry[],
  { top, modified }: ArchiveOptions,
): Promise<void> {
  const zip = new ZipFile()
  const options = { mtime: localTimeLike(modified), forceDosTimestamp: true }
  for (const entry of sorted(entries)) {
    const path = `${top}/${entry.path}`
    const mode = entry.executable ? 0o100755 : 0o100644
    if ('bytes' in entry.from)
      zip.addBuffer(Buffer.from(entry.from.bytes), path, { ...options, mode })
    else zip.addFile(entry.from.file, path, { ...options, mode })
  }
  zip.end()
  await pipeline(zip.outputStream, createWriteStream(target))
}

/** Zips hold local times; this one reads the same in every time zone. */
function localTimeLike(date: Date): Date {
  return new Date(
    date.getUTCFullYear(),
    date.getUTCMonth(),
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
  )
}
