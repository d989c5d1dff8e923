import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { mkdir, open, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isCode, ShamanError } from './errors.ts'
import {
  type Layout,
  type LayoutVersion,
  layoutOf,
  newestLayout,
  pathsOf,
  type StorePaths,
  storedIn,
} from './layout.ts'

/** What the file `store.json` tells: that this is a store, and which one. */
export interface Sentinel {
  id: string
  layout: LayoutVersion
  created: string
  /** The place of the store that has the bytes, when they are not here. */
  blobsIn?: string
}

/**
 * Reads the sentinel, or makes a new store (also around what Flamenco left). When `knownId` is a store this server has used
 * before, an absent sentinel means an unmounted share, never an empty store: throws `STORE_ABSENT`.
 */
export async function openSentinel(
  root: string,
  knownId: string | undefined,
  options: { now?: () => number; blobsIn?: string | undefined } = {},
): Promise<Sentinel> {
  const { now = Date.now, blobsIn } = options
  const paths = pathsOf(root)
  const present = await readSentinel(paths)
  if (present && present.blobsIn !== blobsIn) throw otherPlace(present, blobsIn)
  if (present) return present
  if (knownId !== undefined) throw absent(paths)
  const version = (await hasFlamencoBlobs(paths)) ? 1 : newestLayout
  await makeDirectories(layoutOf(root, version))
  const sentinel: Sentinel = {
    id: randomUUID(),
    layout: version,
    created: new Date(now()).toISOString(),
    ...(blobsIn !== undefined && { blobsIn }),
  }
  const file = await open(paths.sentinel, 'wx')
  try {
    await file.writeFile(`${JSON.stringify(sentinel, null, 2)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await syncDirectory(paths.fileStore)
  return sentinel
}

/** The sentinel of a store; undefined when there is none. */
export async function readSentinel(paths: StorePaths): Promise<Sentinel | undefined> {
  try {
    const sentinel = JSON.parse(await readFile(paths.sentinel, 'utf8')) as Sentinel
    if (sentinel.layout > newestLayout) {
      throw new ShamanError('STORE_ABSENT', 'the store was made by a newer version', {
        detail: { layout: sentinel.layout },
      })
    }
    return sentinel
  } catch (error) {
    if (isCode(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
}

/** Makes what is missing of a store's directories, durably. */
export async function makeDirectories(layout: Layout): Promise<void> {
  for (const dir of [
    layout.jobs,
    layout.stored,
    layout.uploading,
    layout.partial,
    layout.manifests,
    layout.trash,
    layout.quarantine,
  ]) {
    await mkdir(dir, { recursive: true })
  }
  if (await isDirectory(`${layout.stored}/ff`)) return
  for (let i = 0; i < 256; i += 1) {
    mkdirSync(`${layout.stored}/${i.toString(16).padStart(2, '0')}`, { recursive: true })
  }
  for (const dir of [layout.stored, layout.fileStore, layout.root]) await syncDirectory(dir)
}

/** Whether Flamenco has put a blob here, or an earlier version of ours whose sentinel is lost. */
async function hasFlamencoBlobs({ fileStore }: StorePaths): Promise<boolean> {
  const stored = storedIn(fileStore, 1)
  for (const shard of await namesIn(stored)) {
    if (/^[0-9a-f]{2}$/.test(shard) && (await namesIn(join(stored, shard))).length > 0) return true
  }
  return false
}

async function namesIn(dir: string): Promise<string[]> {
  try {
    return await readdir(dir)
  } catch (error) {
    if (isCode(error, 'ENOENT', 'ENOTDIR')) return []
    throw error
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return await stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  )
}

async function syncDirectory(path: string): Promise<void> {
  const dir = await open(path, 'r')
  try {
    await dir.sync()
  } catch (error) {
    if (!isCode(error, 'EINVAL', 'ENOTSUP', 'EPERM')) throw error
  } finally {
    await dir.close()
  }
}

/** Placeholders taken for files would be served as zeros, files taken for placeholders as missing objects. */
function otherPlace(sentinel: Sentinel, asked: string | undefined): ShamanError {
  const inWords = (place: string | undefined): string => place ?? 'its own directory'
  return new ShamanError(
    'STORE_ELSEWHERE',
    `the blobs of this store are in ${inWords(sentinel.blobsIn)}, not in ${inWords(asked)}`,
    {
      detail: { is: sentinel.blobsIn, asked },
      hint: 'Open it as it was made, or name another storage root.',
    },
  )
}

function absent(paths: StorePaths): ShamanError {
  return new ShamanError('STORE_ABSENT', `there is no store at ${paths.fileStore}`, {
    hint: 'The storage is probably not mounted. If it was emptied on purpose, remove the state directory too.',
  })
}
