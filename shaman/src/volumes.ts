import { randomUUID } from 'node:crypto'
import { statSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isCode } from './errors.ts'
import { type Layout, unfinishedBesideBlobs } from './layout.ts'

/**
 * The layout whose unfinished files can become blobs by a rename. Where the blobs have a volume of their own, mounted at
 * their place, these directories lie within it: a copy in place of the rename would be neither one step nor quick.
 */
export async function layoutOnVolumes(layout: Layout): Promise<Layout> {
  await mkdir(layout.uploading, { recursive: true })
  await mkdir(layout.stored, { recursive: true })
  const name = `.probe-${randomUUID()}`
  const [from, to] = [join(layout.uploading, name), join(layout.stored, name)]
  try {
    await writeFile(from, '')
    await rename(from, to)
    return layout
  } catch (error) {
    if (!isCode(error, 'EXDEV')) throw error
    return unfinishedBesideBlobs(layout)
  } finally {
    await rm(from, { force: true })
    await rm(to, { force: true })
  }
}

/** One directory of each volume that holds part of a store. */
export function volumesOf({ fileStore, stored, jobs }: Layout): string[] {
  const byDevice = new Map([fileStore, stored, jobs].map((dir) => [statSync(dir).dev, dir]))
  return [...byDevice.values()]
}
