import { constants } from 'node:fs'
import { copyFile, readdir, realpath, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import fs from 'fs-extra'
import PQueue from 'p-queue'
import { PackError } from '../errors.ts'
import type { PackPlan, PlannedFile } from '../plan.ts'
import { isBelow } from '../trace/layout.ts'
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

/**
 * Copies a pack into a folder, which must be empty or an earlier pack; copies share disk blocks where they can. What was
 * interrupted can be done again: a file appears when it is complete, and until all have, `verifyPack` finds some missing.
 */
export async function packToFolder(
  plan: PackPlan,
  info: PackInfo,
  dir: string,
  options: OutputOptions = {},
): Promise<void> {
  await assertWritable(dir)
  await assertNoSource(dir, plan.files)
  await writeFile(join(dir, packInfoName), formatPackInfo(info))
  const queue = new PQueue({ concurrency: copiesAtOnce })
  const progress = countProgress(info, options)
  const copies = plan.files.map((file) => async () => {
    options.signal?.throwIfAborted()
    await copyInto(join(dir, file.packPath), sourceOf(file))
    progress(file.size)
  })
  try {
    await queue.addAll(copies)
  } finally {
    queue.clear()
    await queue.onIdle()
  }
}

async function copyInto(target: string, source: string): Promise<void> {
  const draft = `${target}.part`
  await fs.ensureDir(dirname(target))
  // An earlier draft may be read-only, as its source was.
  await fs.remove(draft)
  await copyFile(fsPath(source), draft, constants.COPYFILE_FICLONE)
  await rename(draft, target)
}

function sourceOf({ source }: PlannedFile): string {
  return 'file' in source ? source.file : source.rewritten
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

/** A pack that is packed into itself would replace the files that it is made of. */
async function assertNoSource(dir: string, files: readonly PlannedFile[]): Promise<void> {
  const real = await realpath(dir)
  for (const file of files) {
    const source = sourceOf(file)
    if (!isBelow(source, dir) && !isBelow(source, real)) continue
    throw new PackError('FOLDER_NOT_EMPTY', `${dir} holds ${source}, which is to be packed`, {
      hint: 'Name a folder outside the project.',
    })
  }
}
