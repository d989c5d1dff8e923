import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { createShamanClient, type UploadFile, type UploadReceipt } from '../../src/client/main.ts'
import {
  createDeltaSender,
  type DeltaSender,
  type DeltaSenderOptions,
} from '../../src/delta/sender.ts'
import { digestOf } from '../../src/digest.ts'
import { afterwards } from '../support/afterwards.ts'
import { readAll, startTestFarm, type TestFarm, tempDir } from '../support/farm.ts'
import { fresh, makeBlend } from './blend-samples.ts'

const payload = fresh(3_000_000)

/** A .blend whose every block header changes with `address`, as any save does. */
export function savedBlend(address: bigint, extra: Buffer = Buffer.alloc(0)): Buffer {
  const small = Array.from({ length: 400 }, () => ({ code: 'DATA', payload: Buffer.alloc(90, 7) }))
  return makeBlend(
    '64-little',
    [...small, { code: 'ME', payload }, { code: 'DATA', payload: extra }, ...small],
    address,
  )
}

/** A machine that submits files, with a history of its own. */
export interface Artist {
  readonly delta: DeltaSender
  upload(path: string, bytes: Buffer, options?: UploadOptions): Promise<UploadReceipt>
  /** Uploads and makes a checkout of it, which others find it by. */
  submit(path: string, bytes: Buffer): Promise<void>
}

interface UploadOptions {
  /** What the file really holds. */
  butHolds?: Buffer
  /** The digest is known from elsewhere: nobody has read the file yet. */
  isHashed?: boolean
}

export interface Studio {
  readonly farm: TestFarm
  readonly artist: Artist
}

/** A farm and an artist; `url` is where the artist thinks the farm is. Bytes count more than time unless told. */
export async function startStudio(
  t: TestContext,
  given: { farm?: TestFarm; url?: string; delta?: DeltaSenderOptions } = {},
): Promise<Studio> {
  const farm = given.farm ?? (await startTestFarm(t, { durability: 'none' }))
  const dir = await tempDir(t)
  const options = { dir: join(dir, 'history'), prefer: 'bytes' as const, ...given.delta }
  const delta = createDeltaSender(options)
  const url = given.url ?? farm.server.url
  const client = createShamanClient({ url, delta, clientId: dir.slice(-6) })
  afterwards(t, async () => {
    await client.close()
    await delta.close()
  })
  const artist: Artist = {
    delta,
    async upload(path, bytes, { butHolds, isHashed = butHolds !== undefined } = {}) {
      const file = join(dir, path.replaceAll('/', '_'))
      await writeFile(file, butHolds ?? bytes)
      const upload: UploadFile = { path, digest: digestOf(bytes), source: { file } }
      if (!isHashed) await delta.hash(file)
      return client.upload({ files: [upload] })
    },
    async submit(path, bytes) {
      await artist.upload(path, bytes)
      const files = [{ path, digest: digestOf(bytes) }]
      await client.checkout({ files, path: `job of ${path}` })
    },
  }
  return { farm, artist }
}

/** The blob of `bytes` as the farm holds it. */
export async function stored({ shaman }: TestFarm, bytes: Buffer): Promise<Buffer> {
  return readAll(await shaman.blobs.open(digestOf(bytes)))
}
