import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Layout, stagingPrefix } from './layout.ts'

/** Removes what dead server processes left: temp files, and checkouts that were never published. */
export async function sweepUnfinished(layout: Layout, serverId: string): Promise<void> {
  const isServerId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
  for (const name of await readdir(layout.uploading)) {
    if (name === serverId || !isServerId.test(name)) continue
    await rm(join(layout.uploading, name), { recursive: true, force: true })
  }
  for (const name of await readdir(layout.jobs)) {
    if (!name.startsWith(stagingPrefix)) continue
    await rm(join(layout.jobs, name), { recursive: true, force: true })
  }
}
