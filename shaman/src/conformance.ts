import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import type { BlobStore } from './blobs/blob-store.ts'
import { type Digest, digestKey, digestOf } from './digest.ts'
import { isCode } from './errors.ts'

/** A store under test, and how to be rid of it. */
export interface BlobStoreFixture {
  store: BlobStore
  close?: () => Promise<void>
}

/**
 * What every {@link BlobStore} promises, as tests. Call it in a test file with a function that makes an empty store.
 */
export function testBlobStore(
  name: string,
  make: (t: TestContext) => Promise<BlobStoreFixture>,
): void {
  const check = (claim: string, body: (store: BlobStore) => Promise<void>): void => {
    test(`${name}: ${claim}`, async (t) => {
      const { store, close } = await make(t)
      try {
        await body(store)
      } finally {
        await close?.()
      }
    })
  }

  check('a blob put is there, whole, and another put finds it', async (store) => {
    const { bytes, digest } = blob(300_000)
    assert.equal(await store.has(digest), false)
    assert.equal(await store.put(digest, pieces(bytes)), 'stored')
    assert.equal(await store.has(digest), true)
    assert.deepEqual(await readAll(await store.open(digest)), bytes)
    assert.equal(await store.put(digest, pieces(bytes)), 'already-stored')
  })

  check('a blob of many megabytes arrives whole', async (store) => {
    const { bytes, digest } = blob(18_000_000)
    assert.equal(await store.put(digest, pieces(bytes)), 'stored')
    assert.ok((await readAll(await store.open(digest))).equals(bytes))
    const wrong = blob(18_000_000)
    await rejectsWith(store.put(wrong.digest, pieces(bytes)), 'BLOB_DIGEST_MISMATCH')
    assert.deepEqual(await listed(store), [digestKey(digest)])
  })

  check('the empty blob can be stored', async (store) => {
    const { bytes, digest } = blob(0)
    assert.equal(await store.put(digest, pieces(bytes)), 'stored')
    assert.equal(await store.has(digest), true)
    assert.equal((await readAll(await store.open(digest))).length, 0)
  })

  check('bytes of another checksum are refused and leave nothing', async (store) => {
    const { digest } = blob(1000)
    await rejectsWith(store.put(digest, pieces(randomBytes(1000))), 'BLOB_DIGEST_MISMATCH')
    assert.equal(await store.has(digest), false)
    assert.deepEqual(await listed(store), [])
  })

  check('too few and too many bytes are refused', async (store) => {
    const { bytes, digest } = blob(1000)
    await rejectsWith(store.put(digest, pieces(bytes.subarray(1))), 'BLOB_SIZE_MISMATCH')
    const more = Buffer.concat([bytes, Buffer.from('x')])
    await rejectsWith(store.put(digest, pieces(more)), 'BLOB_SIZE_MISMATCH')
    assert.equal(await store.has(digest), false)
  })

  check('a source that fails leaves nothing and its error is told', async (store) => {
    const { bytes, digest } = blob(100_000)
    const failing = async function* (): AsyncGenerator<Buffer> {
      yield bytes.subarray(0, 50_000)
      throw new Error('the wire broke')
    }
    await assert.rejects(store.put(digest, failing()), /the wire broke/)
    assert.equal(await store.has(digest), false)
    assert.equal(await store.put(digest, pieces(bytes)), 'stored')
  })

  check('a digest is checksum and size: another size is another blob', async (store) => {
    const { bytes, digest } = blob(1000)
    await store.put(digest, pieces(bytes))
    assert.equal(await store.has({ sha: digest.sha, size: 999 }), false)
    await rejectsWith(store.open({ sha: digest.sha, size: 999 }), 'BLOB_MISSING')
  })

  check('a range is exactly the bytes asked for', async (store) => {
    const { bytes, digest } = blob(10_000)
    await store.put(digest, pieces(bytes))
    const part = await readAll(await store.open(digest, { first: 100, last: 199 }))
    assert.deepEqual(part, bytes.subarray(100, 200))
    const last = await readAll(await store.open(digest, { first: 9999, last: 9999 }))
    assert.deepEqual(last, bytes.subarray(9999))
    await rejectsWith(store.open(digest, { first: 0, last: 10_000 }), 'RANGE_INVALID')
  })

  check('eight puts of one blob at once store it once', async (store) => {
    const { bytes, digest } = blob(200_000)
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, () => store.put(digest, pieces(bytes))),
    )
    assert.ok(outcomes.includes('stored'))
    assert.deepEqual(await readAll(await store.open(digest)), bytes)
    assert.deepEqual(await listed(store), [digestKey(digest)])
  })

  check('a failing rival does not disturb a good put', async (store) => {
    const { bytes, digest } = blob(200_000)
    const [good, bad] = await Promise.allSettled([
      store.put(digest, pieces(bytes)),
      store.put(digest, pieces(randomBytes(200_000))),
    ])
    assert.equal(good.status, 'fulfilled')
    assert.equal(bad.status, 'rejected')
    assert.deepEqual(await readAll(await store.open(digest)), bytes)
  })

  check('delete removes a blob once', async (store) => {
    const { bytes, digest } = blob(10)
    await store.put(digest, pieces(bytes))
    assert.equal(await store.delete(digest), true)
    assert.equal(await store.delete(digest), false)
    assert.equal(await store.has(digest), false)
    await rejectsWith(store.open(digest), 'BLOB_MISSING')
  })

  check('list names every blob', async (store) => {
    const blobs = Array.from({ length: 20 }, (_, i) => blob(i * 7))
    for (const { bytes, digest } of blobs) await store.put(digest, pieces(bytes))
    assert.deepEqual(await listed(store), blobs.map(({ digest }) => digestKey(digest)).sort())
  })
}

function blob(size: number): { bytes: Buffer; digest: Digest } {
  const bytes = randomBytes(size)
  return { bytes, digest: digestOf(bytes) }
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += 65_536) yield bytes.subarray(at, at + 65_536)
}

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function listed(store: BlobStore): Promise<string[]> {
  const keys: string[] = []
  for await (const digest of store.list()) keys.push(digestKey(digest))
  return keys.sort()
}

async function rejectsWith(promise: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(promise, (error) => isCode(error, code))
}
