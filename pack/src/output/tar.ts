import { randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createZstdCompress } from 'node:zlib'
import { type Pack, pack } from 'tar-stream'
import { PackError } from '../errors.ts'
import type { PackPlan, PlannedFile } from '../plan.ts'
import { fsPath } from '../trace/stored-path.ts'
import { countProgress, type OutputOptions } from './folder.ts'
import { formatPackInfo, type PackInfo, packInfoName } from './pack-info.ts'

/** Fixed, so that the same files give the same archive. */
const entryFacts = { mtime: new Date(0), uid: 0, gid: 0, mode: 0o644 }

/** Throws `ARCHIVE_KIND_UNKNOWN` unless the name says how {@link packToTar} is to write it. */
export function assertArchiveName(file: string): void {
  if (/\.tar(\.zst)?$/i.test(file)) return
  throw new PackError('ARCHIVE_KIND_UNKNOWN', `${file} ends neither in .tar nor in .tar.zst`, {
    hint: 'Name it scene.tar, or scene.tar.zst to have it compressed.',
  })
}

/** Writes a pack as `.tar`, or as `.tar.zst` if the name ends so. The file appears when it is complete. */
export async function packToTar(
  plan: PackPlan,
  info: PackInfo,
  file: string,
  options: OutputOptions = {},
): Promise<void> {
  assertArchiveName(file)
  await mkdir(dirname(file), { recursive: true })
  const draft = `${file}.${randomUUID()}.part`
  const archive = pack()
  const encode = /\.zst$/i.test(file) ? createZstdCompress() : new PassThrough()
  try {
    const signal = options.signal === undefined ? {} : { signal: options.signal }
    const written = pipeline(archive, encode, createWriteStream(draft, { flags: 'wx' }), signal)
    await Promise.all([written, addEntries(archive, plan, info, options)])
    await rename(draft, file)
  } finally {
    archive.destroy()
    await rm(draft, { force: true })
  }
}

async function addEntries(
  archive: Pack,
  plan: PackPlan,
  info: PackInfo,
  options: OutputOptions,
): Promise<void> {
  const progress = countProgress(info, options)
  try {
    archive.entry({ name: packInfoName, ...entryFacts }, formatPackInfo(info))
    for (const file of [...plan.files].sort((a, b) => (a.packPath < b.packPath ? -1 : 1))) {
      options.signal?.throwIfAborted()
      await addEntry(archive, file)
      progress(file.size)
    }
    archive.finalize()
  } catch (error) {
    archive.destroy(error as Error)
    throw error
  }
}

async function addEntry(archive: Pack, file: PlannedFile): Promise<void> {
  const source = 'file' in file.source ? file.source.file : file.source.rewritten
  const entry = archive.entry({ name: file.packPath, size: file.size, ...entryFacts })
  try {
    await pipeline(createReadStream(fsPath(source)), entry)
  } catch (error) {
    if (!/size mismatch/i.test((error as Error).message)) throw error
    throw new PackError('FILE_CHANGED', `${source} changed while it was packed`, {
      hint: 'Try again.',
    })
  }
}
