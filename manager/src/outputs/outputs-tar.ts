import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { JobOutputs } from '@shaman-farm/manager-api'
import { type Pack, pack } from 'tar-stream'
import type { Services } from '../services.ts'
import { relativeNames } from './relative-names.ts'
import { isOutputPlace } from './roots.ts'

interface NamedFile {
  path: string
  sha?: string
  size?: number
}

interface Source {
  size: number
  modified: Date
  open(): Promise<Readable> | Readable
}

/** What a job has made as a tar stream, named from its output folder on. Files that are gone since are left out. */
export function outputsTar(services: Services, outputs: JobOutputs): Readable {
  const tar = pack()
  void fill(services, tar, outputs).catch((error: unknown) => {
    services.farm.log.warn({ err: error }, 'outputs not sent to their end')
    tar.destroy(error as Error)
  })
  return tar as unknown as Readable
}

async function fill(services: Services, tar: Pack, outputs: JobOutputs): Promise<void> {
  const video = outputs.video === undefined ? [] : [{ path: outputs.video }]
  const named = new Map<string, NamedFile>(
    [...video, ...outputs.files].map((file) => [file.path, file]),
  )
  const names = relativeNames([...named.keys()])
  for (const file of named.values()) {
    // The reader went away.
    if (tar.destroyed) return
    const source = await sourceOf(services, file)
    if (!source) continue
    const { size, modified: mtime } = source
    await pipeline(await source.open(), tar.entry({ name: names.get(file.path)!, size, mtime }))
  }
  tar.finalize()
}

/** The file where the job wrote it; else its bytes in the store. */
async function sourceOf(
  services: Services,
  { path, sha, size }: NamedFile,
): Promise<Source | undefined> {
  const { farm, shaman } = services
  const info = isOutputPlace(services, path) ? await stat(path).catch(() => undefined) : undefined
  if (info?.isFile()) {
    const { size: bytes, mtime } = info
    // A file that grows meanwhile must not be longer than its header says.
    const open = (): Readable =>
      bytes === 0
        ? createReadStream(path, { end: 0 })
        : createReadStream(path, { end: bytes - 1, highWaterMark: 1 << 20 })
    return { size: bytes, modified: mtime, open }
  }
  if (!shaman || sha === undefined || size === undefined) return undefined
  const digest = { sha, size }
  if (!(await shaman.blobs.has(digest))) return undefined
  return { size, modified: new Date(farm.now()), open: () => shaman.blobs.open(digest) }
}
