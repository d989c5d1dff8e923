import { constants } from 'node:fs'
import { copyFile, readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import fs from 'fs-extra'
import PQueue from 'p-queue'
import { PackError } from '../errors.ts'
import type { PackPlan } from '../plan.ts'
import { fsPath } from '../trace/stored-path.ts'
import { formatPackInfo, type PackInfo, packInfoName } from './pack-info.ts'

export interface OutputProgress {
  readonly filesDone: number
  readonly filesTotal: number
  readonly bytesDone: number
  readonly bytesTotal: number
}

export interface OutputOptions {
  readonly onProgress?: ((progress: OutputProgress) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

const copiesAtOnce = 4

/** Copies a pack into a folder, which must be empty or an earlier pack; copies share disk blocks where they can. */
export async function packToFolder(
  plan: PackPlan,
  info: PackInfo,
  dir: string,
  options: OutputOptions = {},
): Promise<void> {
  await assertWritable(dir)
  const queue = new PQueue({ concurrency: copiesAtOnce })
  const progress = countProgress(info, options)
  await queue.addAll(
    plan.files.map((file) => async () => {
      options.signal?.throwIfAborted()
      const source = 'file' in file.source ? file.source.file : file.source.rewritten
      const target = join(dir, file.packPath)
      await fs.ensureDir(dirname(target))
      // An earlier copy may be read-only, as its source was.
      await fs.remove(target)
      await copyFile(fsPath(source), target, constants.COPYFILE_FICLONE)
      progress(file.size)
    }),
  )
  await writeFile(join(dir, packInfoName), formatPackInfo(info))
}

/** Counts files and bytes for whoever watches. */
export function countProgress(info: PackInfo, options: OutputOptions): (bytes: number) => void {
  let [filesDone, bytesDone] = [0, 0]
  return (bytes) => {
    filesDone += 1
    bytesDone += bytes
    const totals = { filesTotal: info.files, bytesTotal: info.bytes }
    options.onProgress?.({ filesDone, bytesDone, ...totals })
  }
}

async function assertWritable(dir: string): Promise<void> {
  await fs.ensureDir(dir)
  const names = await readdir(dir)
  if (names.length === 0 || names.includes(packInfoName)) return
  throw new PackError('FOLDER_NOT_EMPTY', `${dir} has other files in it`, {
    hint: 'Name an empty folder, or one that farm pack has made.',
  })
}
