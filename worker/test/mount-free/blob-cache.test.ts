import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { access, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { type Digest, digestOf } from '@shaman-farm/shaman/digest'
import { pino } from 'pino'
import {
  type BlobCache,
  type BlobCacheOptions,
  openBlobCache,
} from '../../src/mount-free/blob-cache.ts'
import { tempDir } from '../temp.ts'

interface FlakyStore {
  url: string
  /** `sha` and range of every request. */
  requests: string[]
  add(bytes: Buffer): Digest
  /** Called before each answer; what it returns is cut off or changed so. */
  fault: (nth: number) => { cutAt?: number; flip?: true; status?: number } | undefined
}

/** The far side of the network: a store that loses connections and bits. */
async function startFlakyStore(t: TestContext): Promise<FlakyStore> {
  const blobs = new Map<string, Buffer>()
  const store: FlakyStore = {
    url: '',
    requests: [],
    add(bytes) {
      const digest = digestOf(bytes)
      blobs.set(digest.sha, bytes)
      return digest
    },
    fault: () => undefined,
  }
  const server = createServer((request, response) => {
    const sha = request.url!.split('/').at(-2)!
    const { range } = request.headers
    const from = Number(/bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0)
    store.requests.push(`${sha.slice(0, 6)} ${from}`)
    const fault = store.fault(store.requests.length)
    const blob = blobs.get(sha)
    if (!blob || fault?.status) return response.writeHead(fault?.status ?? 404).end()
    const rest = Buffer.from(blob.subarray(from))
    if (fault?.flip) rest[0] = rest[0]! ^ 1
    response.writeHead(range ? 206 : 200, { 'content-length': rest.length })
    if (fault?.cutAt === undefined) return response.end(rest)
    response.write(rest.subarray(0, fault.cutAt), () => setTimeout(() => response.destroy(), 20))
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  store.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return store
}

async function cacheFor(
  t: TestContext,
  store: FlakyStore,
  options: Partial<BlobCacheOptions> = {},
): Promise<BlobCache> {
  const log = pino({ level: 'silent' })
  return openBlobCache({
    dir: await tempDir(t),
    url: store.url,
    maxBytes: 1e9,
    keepFreeBytes: 0,
    log,
    ...options,
  })
}

const { signal } = new AbortController()

test('a blob is fetched once for all who want it at the same time, and not again later', async (t) => {
  const store = await startFlakyStore(t)
  const digest = store.add(randomBytes(300_000))
  const cache = await cacheFor(t, store)
  const holds = await Promise.all([1, 2, 3].map(() => cache.hold([digest, digest], { signal })))
  assert.equal(store.requests.length, 1)
  for (const hold of holds) hold.release()
  await cache.hold([digest], { signal })
  assert.equal(store.requests.length, 1)
})

test('a blob in the cache is what its digest says, and cannot be written', async (t) => {
  const store = await startFlakyStore(t)
  const bytes = randomBytes(100_000)
  const digest = store.add(bytes)
  const hold = await (await cacheFor(t, store)).hold([digest], { signal })
  const file = hold.pathOf(digest)
  assert.ok((await readFile(file)).equals(bytes))
  assert.equal((await stat(file)).mode & 0o222, 0)
})

test('a download that breaks off is continued where it was', async (t) => {
  const store = await startFlakyStore(t)
  const bytes = randomBytes(500_000)
  const digest = store.add(bytes)
  const cache = await cacheFor(t, store)
  store.fault = (nth) => (nth <= 2 ? { cutAt: 100_000 } : undefined)
  await assert.rejects(cache.hold([digest], { signal }))
  await assert.rejects(cache.hold([digest], { signal }))
  const hold = await cache.hold([digest], { signal })
  assert.ok((await readFile(hold.pathOf(digest))).equals(bytes))
  const starts = store.requests.map((line) => Number(line.split(' ')[1]))
  assert.deepEqual(starts, [0, 100_000, 200_000])
})

test('a blob that arrives damaged is refused, and fetched from its start the next time', async (t) => {
  const store = await startFlakyStore(t)
  const digest = store.add(randomBytes(50_000))
  const cache = await cacheFor(t, store)
  store.fault = (nth) => (nth === 1 ? { flip: true } : undefined)
  await assert.rejects(cache.hold([digest], { signal }), { code: 'BLOB_DAMAGED' })
  await cache.hold([digest], { signal })
  assert.deepEqual(
    store.requests.map((line) => line.split(' ')[1]),
    ['0', '0'],
  )
})

test('a blob the store does not have is told by code', async (t) => {
  const store = await startFlakyStore(t)
  const cache = await cacheFor(t, store)
  await assert.rejects(cache.hold([digestOf(Buffer.from('nowhere'))], { signal }), {
    code: 'BLOB_MISSING',
  })
})

test('an empty blob needs no bytes', async (t) => {
  const store = await startFlakyStore(t)
  const digest = store.add(Buffer.alloc(0))
  const hold = await (await cacheFor(t, store)).hold([digest], { signal })
  assert.equal((await stat(hold.pathOf(digest))).size, 0)
})

test('the least recently used blobs make room, those in use never', async (t) => {
  const store = await startFlakyStore(t)
  let clock = 0
  const cache = await cacheFor(t, store, { maxBytes: 350, now: () => ++clock })
  const [a, b, c, d] = [1, 2, 3, 4].map((n) => store.add(Buffer.alloc(100, n))) as [
    Digest,
    Digest,
    Digest,
    Digest,
  ]
  const holdA = await cache.hold([a], { signal })
  for (const digest of [b, c]) (await cache.hold([digest], { signal })).release()
  ;(await cache.hold([b], { signal })).release()
  const holdD = await cache.hold([d], { signal })
  assert.equal(cache.bytes, 300)
  await access(holdA.pathOf(a))
  await access(holdD.pathOf(b))
  await assert.rejects(access(holdD.pathOf(c)), { code: 'ENOENT' })
})

test('what does not fit beside what is in use is refused before anything is fetched', async (t) => {
  const store = await startFlakyStore(t)
  const cache = await cacheFor(t, store, { maxBytes: 150 })
  const held = await cache.hold([store.add(Buffer.alloc(100, 1))], { signal })
  const other = store.add(Buffer.alloc(100, 2))
  await assert.rejects(cache.hold([other], { signal }), { code: 'CACHE_FULL' })
  assert.equal(store.requests.length, 1)
  held.release()
  await cache.hold([other], { signal })
})

test('a cache opened again knows its blobs, and fetches anew one whose file was cut', async (t) => {
  const store = await startFlakyStore(t)
  const dir = await tempDir(t)
  const [a, b] = [1, 2].map((n) => store.add(Buffer.alloc(1000, n))) as [Digest, Digest]
  const hold = await (await cacheFor(t, store, { dir })).hold([a, b], { signal })
  await writeFile(`${hold.pathOf(b)}.x`, '')
  const { chmod, truncate } = await import('node:fs/promises')
  await chmod(hold.pathOf(b), 0o644)
  await truncate(hold.pathOf(b), 10)
  const again = await cacheFor(t, store, { dir })
  assert.equal(again.bytes, 1000)
  await again.hold([a, b], { signal })
  assert.equal(store.requests.length, 3)
})

test('a canceled task does not take the download of another one with it', async (t) => {
  const store = await startFlakyStore(t)
  const digest = store.add(randomBytes(200_000))
  const cache = await cacheFor(t, store)
  const abort = new AbortController()
  store.fault = (nth) => {
    if (nth === 1) abort.abort()
    return undefined
  }
  const [first, second] = await Promise.allSettled([
    cache.hold([digest], { signal: abort.signal }),
    cache.hold([digest], { signal }),
  ])
  assert.equal(first?.status, 'rejected')
  assert.equal(second?.status, 'fulfilled')
})
