import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { mkdir, open, readFile, stat } from 'node:fs/promises'
import { isCode, ShamanError } from './errors.ts'
import { type Layout, layoutVersion } from './layout.ts'

/** What the file `store.json` tells: that this is a store, and which one. */
export interface Sentinel {
  id: string
  layout: number
  created: string
  /** The place of the store that has the bytes, when they are not here. */
  blobsIn?: string
}

/**
 * Reads the sentinel, or makes a new store (also around what Flamenco left). When `knownId` is a store this server has used
 * before, an absent sentinel means an unmounted share, never an empty store: throws `STORE_ABSENT`.
 */
export async function openSentinel(
  layout: Layout,
  knownId: string | undefined,
  options: { now?: () => number; blobsIn?: string | undefined } = {},
): Promise<Sentinel> {
  const { now = Date.now, blobsIn } = options
  const present = await readSentinel(layout)
  if (present && present.blobsIn !== blobsIn) throw otherPlace(present, blobsIn)
  if (present) return present
  if (knownId !== undefined) throw absent(layout)
  await makeDirectories(layout)
  const sentinel: Sentinel = {
    id: randomUUID(),
    layout: layoutVersion,
    created: new Date(now()).toISOString(),
    ...(blobsIn !== undefined && { blobsIn }),
  }
  const file = await open(layout.sentinel, 'wx')
  try {
    await file.writeFile(`${JSON.stringify(sentinel, null, 2)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await syncDirectory(layout.fileStore)
  return sentinel
}

/** The sentinel of a store; undefined when there is none. */
export async function readSentinel(layout: Layout): Promise<Sentinel | undefined> {
  try {
    const sentinel = JSON.parse(await readFile(layout.sentinel, 'utf8')) as Sentinel
    if (sentinel.layout > layoutVersion) {
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

function absent(layout: Layout): ShamanError {
  return new ShamanError('STORE_ABSENT', `there is no store at ${layout.fileStore}`, {
    hint: 'The storage is probably not mounted. If it was emptied on purpose, remove the state directory too.',
  })
}
