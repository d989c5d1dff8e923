import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { isCode } from '../src/errors.ts'
import type { Shaman } from '../src/shaman.ts'
import {
  leaveAsFlamenco,
  openTestShaman,
  randomBlob,
  readAll,
  type TestBlob,
  tempDir,
} from './support/farm.ts'
import {
  createFaultyThreads,
  errnos,
  type FaultyThreads,
  threadCalls,
} from './support/faulty-threads.ts'

async function faultyShaman(
  t: TestContext,
  options: { isFlamencos?: boolean } = {},
): Promise<{ shaman: Shaman; threads: FaultyThreads }> {
  const root = join(await tempDir(t), 'storage')
  if (options.isFlamencos) await leaveAsFlamenco(root, [randomBlob(10)])
  const threads = createFaultyThreads()
  return { shaman: await openTestShaman(t, { root, threads }), threads }
}

async function* pieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000)
}

function each(put: (shaman: Shaman, blob: TestBlob) => Promise<unknown>): Way['put'] {
  return (shaman, blobs) =>
    Promise.all(blobs.map((blob) => put(shaman, blob).catch((error: unknown) => error)))
}

const largeBytes = 2_500_000
const manyBlobs = {
  blobs: () => Array.from({ length: 12 }, (_, i) => randomBlob(3000 + i)),
  put: each((shaman, { digest, bytes }) => shaman.blobs.putBytes(digest, bytes)),
}
const ways: Record<string, Way> = {
  'many small blobs at once': { ...manyBlobs, strikes: ['openSync', 'writeSync', 'closeSync'] },
  "many small blobs at once, in Flamenco's layout": {
    ...manyBlobs,
    isFlamencos: true,
    strikes: ['openSync', 'writeSync', 'closeSync', 'mkdirSync'],
  },
  // So many that threads give them their names.
  'hundreds of small blobs in one batch': {
    blobs: () => Array.from({ length: 200 }, (_, i) => randomBlob(30 + i)),
    put: (shaman, blobs) => shaman.blobs.putAll(blobs),
    strikes: ['openSync', 'writeSync', 'closeSync', 'lstatSync', 'renameSync'],
  },
  'a large stream': {
    strikes: ['writeSync'],
    blobs: () => [randomBlob(largeBytes)],
    put: each((shaman, { digest, bytes }) => shaman.blobs.put(digest, pieces(bytes))),
  },
  'a large resumable upload': {
    strikes: ['writeSync'],
    blobs: () => [randomBlob(largeBytes)],
    put: each(async (shaman, { digest, bytes }) => {
      const offset = await shaman.partials.offset(digest, 'me')
      const rest = pieces(bytes.subarray(offset))
      await shaman.partials.append({ digest, client: 'me', offset, bytes: rest })
    }),
  },
}
interface Way {
  isFlamencos?: boolean
  blobs(): TestBlob[]
  /** An error for each that is not stored. */
  put(shaman: Shaman, blobs: TestBlob[]): Promise<unknown[]>
  /** The calls that it makes in a thread. */
  strikes: string[]
}

for (const [way, { blobs, put, strikes, ...kind }] of Object.entries(ways)) {
  test(`whatever call fails in a thread, ${way}: what failed is not acknowledged, leaves nothing, and goes in afterwards`, async (t) => {
    const { shaman, threads } = await faultyShaman(t, kind)
    const struck = new Set<string>()
    for (const call of threadCalls) {
      for (const errno of errnos) {
        const given = blobs()
        threads.inject({ call, errno, skip: call === 'writeSync' ? 1 : 0 })
        const outcomes = await put(shaman, given)
        if (threads.struck() === 0) continue
        const where = `${call} ${errno}`
        struck.add(call)
        const failed = outcomes.filter((outcome) => outcome instanceof Error)
        // Making the directory is only ahead of time.
        assert.equal(failed.length, call === 'mkdirSync' ? 0 : 1, where)
        if (errno === 'ENOSPC') {
          for (const reason of failed) assert.ok(isCode(reason, 'NO_SPACE'), `${where}: ${reason}`)
        }
        await shaman.blobs.committer.idle()
        const left = await readdir(shaman.blobs.tempDir, { recursive: true })
        const files = left.filter((name) => name.endsWith('.tmp'))
        assert.deepEqual(files, [], `${where} left a temp file`)
        for (const [i, blob] of given.entries()) {
          const isAcknowledged = !(outcomes[i] instanceof Error)
          assert.equal(shaman.blobs.isStored(blob.digest), isAcknowledged, where)
          if (!isAcknowledged) await put(shaman, [blob])
          assert.deepEqual(await readAll(await shaman.blobs.open(blob.digest)), blob.bytes, where)
        }
      }
    }
    assert.deepEqual([...struck], strikes)
  })

  test(`short writes in a thread are continued for ${way}`, async (t) => {
    const { shaman, threads } = await faultyShaman(t, kind)
    const given = blobs()
    threads.inject({ call: 'writeSync', short: true, times: 5 })
    await put(shaman, given)
    assert.equal(threads.struck(), 5)
    for (const { digest, bytes } of given) {
      assert.deepEqual(await readAll(await shaman.blobs.open(digest)), bytes)
    }
  })
}

test('an upload that a new server continues tells when what is there cannot be read, and is continued later', async (t) => {
  const { shaman, threads } = await faultyShaman(t)
  const blob = randomBlob(largeBytes)
  const { digest, bytes } = blob
  const half = async function* (): AsyncGenerator<Buffer> {
    yield bytes.subarray(0, 1_500_000)
    throw new Error('the connection broke')
  }
  const request = { digest, client: 'me', offset: 0, bytes: half() }
  await assert.rejects(shaman.partials.append(request), /broke/)
  const offset = await shaman.partials.offset(digest, 'me')
  assert.equal(offset, 1_500_000)
  // A failed write makes the store forget the digest of what it has, as a restart does.
  threads.inject({ call: 'writeSync' })
  const rest = (): AsyncGenerator<Buffer> => pieces(bytes.subarray(offset))
  const on = { digest, client: 'me', offset }
  await assert.rejects(shaman.partials.append({ ...on, bytes: rest() }))
  for (const call of ['openSync', 'readSync', 'closeSync'] as const) {
    threads.inject({ call })
    await assert.rejects(shaman.partials.append({ ...on, bytes: rest() }), /injected/, call)
    assert.equal(threads.struck(), 1, call)
    assert.equal(await shaman.partials.offset(digest, 'me'), offset, call)
  }
  await shaman.partials.append({ ...on, bytes: rest() })
  assert.deepEqual(await readAll(await shaman.blobs.open(digest)), bytes)
})

test('a link or a folder that cannot be made in a thread fails the checkout, which leaves nothing', async (t) => {
  const threads = createFaultyThreads()
  const shaman = await openTestShaman(t, { threads, durability: 'none' })
  const blob = randomBlob(10)
  await shaman.blobs.putBytes(blob.digest, blob.bytes)
  const files = Array.from({ length: 1500 }, (_, i) => ({
    ...blob.digest,
    path: `${i % 20}/f${i}`,
  }))
  for (const call of ['symlinkSync', 'mkdirSync'] as const) {
    for (const errno of ['ENOSPC', 'EIO'] as const) {
      threads.inject({ call, errno, skip: call === 'symlinkSync' ? 200 : 5 })
      await assert.rejects(shaman.checkouts.create({ path: 'job', files }), /injected/)
      assert.equal(threads.struck(), 1)
      assert.deepEqual(await readdir(shaman.jobsDir), [])
      assert.deepEqual(await readdir(shaman.layout.manifests), [])
    }
  }
  assert.equal((await shaman.checkouts.create({ path: 'job', files })).path, 'job')
})

test('a blob that cannot be looked at in a thread fails the checkout, which leaves nothing', async (t) => {
  const threads = createFaultyThreads()
  const shaman = await openTestShaman(t, { threads, durability: 'none' })
  const blobs = Array.from({ length: 600 }, (_, i) => randomBlob(10 + i))
  await Promise.all(blobs.map(({ digest, bytes }) => shaman.blobs.putBytes(digest, bytes)))
  const files = blobs.map(({ digest }, i) => ({ ...digest, path: `f${i}` }))
  for (const errno of ['EIO', 'ESTALE'] as const) {
    threads.inject({ call: 'lstatSync', errno, skip: 300 })
    await assert.rejects(shaman.checkouts.create({ path: 'job', files }), /injected/)
    assert.equal(threads.struck(), 1)
    assert.deepEqual(await readdir(shaman.jobsDir), [])
    assert.deepEqual(await readdir(shaman.layout.manifests), [])
  }
  assert.equal((await shaman.checkouts.create({ path: 'job', files })).files, 600)
})
