import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import type { BlobStore } from '../../src/blobs/blob-store.ts'
import { createShamanClient, type ShamanClient, type UploadFile } from '../../src/client/main.ts'
import { type Digest, digestKey, digestOf } from '../../src/digest.ts'
import { layoutOf } from '../../src/layout.ts'
import { openShaman } from '../../src/open-shaman.ts'
import { type ShamanServer, serveShaman } from '../../src/serve.ts'
import type { Shaman, ShamanOptions } from '../../src/shaman.ts'
import { afterwards } from './afterwards.ts'

/** A directory that goes away with the test. */
export async function tempDir(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'shaman-test-'))
  afterwards(t, () => rm(dir, { recursive: true, force: true }))
  return dir
}

export async function openTestShaman(
  t: TestContext,
  options: Partial<ShamanOptions> = {},
): Promise<Shaman> {
  const dir = await tempDir(t)
  const shaman = await openShaman({
    root: join(dir, 'storage'),
    stateDir: join(dir, 'state'),
    reserveBytes: 0,
    ...options,
  })
  afterwards(t, () => shaman.close().catch(() => undefined))
  // A new store makes its first index beside requests; what a test breaks is to be found by what it calls.
  await shaman.ready.catch(() => undefined)
  return shaman
}

/** A storage root as Flamenco leaves it, with these blobs. */
export async function leaveAsFlamenco(root: string, blobs: readonly TestBlob[]): Promise<void> {
  for (const { digest, bytes } of blobs) {
    const path = layoutOf(root, 1).blob(digest)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, bytes)
  }
}

export interface TestFarm {
  shaman: Shaman
  server: ShamanServer
  client: ShamanClient
  url: string
}

export async function startTestFarm(
  t: TestContext,
  options: Partial<ShamanOptions> = {},
): Promise<TestFarm> {
  const shaman = await openTestShaman(t, options)
  const server = await serveShaman({ shaman })
  const client = createShamanClient({ url: server.url, retries: 2 })
  afterwards(t, async () => {
    await client.close()
    await server.close()
  })
  return { shaman, server, client, url: `${server.url}/api/v3/shaman` }
}

export interface TestBlob {
  bytes: Buffer
  digest: Digest
}

export function blobOf(bytes: Buffer | string): TestBlob {
  const buffer = Buffer.from(bytes)
  return { bytes: buffer, digest: digestOf(buffer) }
}

export function randomBlob(size: number): TestBlob {
  return blobOf(randomBytes(size))
}

export function uploadFile(path: string, blob: TestBlob): UploadFile {
  return { path, digest: blob.digest, source: { bytes: blob.bytes } }
}

export async function putBlob(shaman: Shaman, blob: TestBlob): Promise<void> {
  await shaman.blobs.putBytes(blob.digest, blob.bytes)
}

export async function readAll(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk as Uint8Array)
  return Buffer.concat(chunks)
}

/** Every blob of a store, as sorted keys. */
export async function listed(store: BlobStore): Promise<string[]> {
  const keys: string[] = []
  for await (const digest of store.list()) keys.push(digestKey(digest))
  return keys.sort()
}
