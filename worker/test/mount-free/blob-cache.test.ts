import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { access, chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { type TestContext, test } from 'node:test'
import { type Digest, digestOf } from '@shaman-farm/shaman/digest'
import { pino } from 'pino'
import {
  type BlobCache,
  type BlobCacheOptions,
  openBlobCache,
} from '../../src/mount-free/blob-cache.ts'
import { type FlakyStore, startFlakyStore } from '../flaky-store.ts'
import { tempDir } from '../temp.ts'

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

function abortable(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort() }
}

test('a blob is fetched once for all who want it at the same time, and not again later', async (t) => {
  const store = await startFlakyStore(t)
  const digest = store.add(randomBytes(3_000_000))
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
  const bytes = randomBytes(5_000_000)
  const digest = store.add(bytes)
  const cache = await cacheFor(t, store)
  store.fault = (nth) => (nth <= 2 ? { cutAt: 1_000_000 } : undefined)
  const hold = await cache.hold([digest], { signal })
  assert.ok((await readFile(hold.pathOf(digest))).equals(bytes))
  // What the connection still held when it broke is lost: at most the last piece.
  const [first, second, third] = store.requests.map((line) => Number(line.split(' ')[1]))
  assert.equal(first, 0)
  assert.ok(second! > 900_000 && second! <= 1_000_000, `${second}`)
  assert.ok(third! - second! > 900_000 && third! <= 2_000_000, `${third}`)
  assert.equal(store.requests.length, 3)
})

test('another process continues what one that was killed has fetched', async (t) => {
  const store = await startFlakyStore(t)
  const dir = await tempDir(t)
  const bytes = randomBytes(5_000_000)
  const digest = store.add(bytes)
  const { signal: killed, abort } = abortable()
  let got = 0
  const onBytes = (more: number): void => {
    got += more
    if (got > 1_900_000) abort()
  }
  store.fault = () => ({ cutAt: 2_000_000 })
  const first = await cacheFor(t, store, { dir })
  await assert.rejects(first.hold([digest], { signal: killed, onBytes }))
  store.fault = () => undefined
  const hold = await (await cacheFor(t, store, { dir })).hold([digest], { signal })
  assert.ok((await readFile(hold.pathOf(digest))).equals(bytes))
  assert.ok(Number(store.requests.at(-1)!.split(' ')[1]) > 1_800_000, store.requests.join())
})

test('small blobs travel together, and those that arrived are not asked for again', async (t) => {
  const store = await startFlakyStore(t)
  const digests = Array.from({ length: 40 }, () => store.add(randomBytes(10_000)))
  const cache = await cacheFor(t, store)
  store.fault = (nth) => (nth === 1 ? { cutAt: 105_000 } : undefined)
  const hold = await cache.hold(digests, { signal })
  assert.match(store.requests.join(), /^batch 40,batch (3\d)$/)
  for (const digest of digests) {
    assert.deepEqual(digestOf(await readFile(hold.pathOf(digest))), digest)
  }
})

test('a lot of files is fetched by processes of its own, and is there all the same', async (t) => {
  const store = await startFlakyStore(t)
  const digests = Array.from({ length: 400 }, (_, i) => store.add(randomBytes(i * 300)))
  digests.push(store.add(randomBytes(3_000_000)))
  const cache = await cacheFor(t, store)
  let told = 0
  const onBytes = (bytes: number): void => {
    told += bytes
  }
  const hold = await cache.hold(digests, { signal, onBytes })
  for (const digest of digests) {
    assert.deepEqual(digestOf(await readFile(hold.pathOf(digest))), digest)
  }
  assert.equal(told, cache.bytes)
  assert.equal(cache.bytes, hold.fetchedBytes)
})

test('a lot that is canceled stops, and says so', async (t) => {
  const store = await startFlakyStore(t)
  const digests = Array.from({ length: 400 }, () => store.add(randomBytes(3000)))
  const { signal: canceled, abort } = abortable()
  store.fault = () => {
    abort()
    return { cutAt: 5000 }
  }
  const cache = await cacheFor(t, store)
  await assert.rejects(cache.hold(digests, { signal: canceled }), { name: 'AbortError' })
})

test('a blob that arrives damaged is refused, and fetched from its start the next time', async (t) => {
  const store = await startFlakyStore(t)
  const digest = store.add(randomBytes(50_000))
  const cache = await cacheFor(t, store)
  store.fault = (nth) => (nth === 1 ? { flip: true } : undefined)
  await assert.rejects(cache.hold([digest], { signal }), { code: 'BLOB_DAMAGED' })
  await cache.hold([digest], { signal })
  assert.deepEqual(store.requests, ['batch 1', 'batch 1'])
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

test('nothing is thrown out for what would not fit even so, and links are let go of before anything is', async (t) => {
  const store = await startFlakyStore(t)
  const cache = await cacheFor(t, store, { maxBytes: 250 })
  const kept = store.add(Buffer.alloc(100, 1))
  const held = await cache.hold([store.add(Buffer.alloc(100, 2))], { signal })
  ;(await cache.hold([kept], { signal })).release()
  const heard: boolean[] = []
  cache.onShortage(async () => void heard.push(existsSync(held.pathOf(kept))))
  const large = store.add(Buffer.alloc(200, 3))
  await assert.rejects(cache.hold([large], { signal }), { code: 'CACHE_FULL' })
  assert.deepEqual([heard, existsSync(held.pathOf(kept))], [[true], true])
  await cache.hold([store.add(Buffer.alloc(100, 4))], { signal })
  assert.deepEqual([heard, existsSync(held.pathOf(kept))], [[true, true], false])
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
  assert.deepEqual(store.requests, ['batch 2', 'batch 1'])
})

test('after the machine went down, blobs are looked at before they are used, and a damaged one is fetched anew', async (t) => {
  const store = await startFlakyStore(t)
  const dir = await tempDir(t)
  const [whole, torn] = [1, 2].map((n) => store.add(Buffer.alloc(1000, n))) as [Digest, Digest]
  const before = await cacheFor(t, store, { dir, boot: 'one' })
  const file = (await before.hold([whole, torn], { signal })).pathOf(torn)
  // As a power cut leaves it where the file system keeps the size in its journal: as long as it should be, and empty.
  await chmod(file, 0o644)
  await writeFile(file, Buffer.alloc(1000))
  const after = await cacheFor(t, store, { dir, boot: 'two' })
  await after.hold([whole], { signal })
  assert.deepEqual(store.requests, ['batch 2'])
  // Also by a worker that ended before it had looked at all of them.
  const again = await cacheFor(t, store, { dir, boot: 'two' })
  await again.hold([whole, torn], { signal })
  assert.deepEqual(store.requests, ['batch 2', 'batch 1'])
  assert.deepEqual(digestOf(await readFile(file)), torn)
})

test('a canceled task does not take the download of another one with it', async (t) => {
  const store = await startFlakyStore(t)
  const digest = store.add(randomBytes(2_000_000))
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
