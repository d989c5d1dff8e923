import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { type TestContext, test } from 'node:test'
import { type Disk, realDisk } from '../src/disk.ts'
import { isCode } from '../src/errors.ts'
import type { Shaman } from '../src/shaman.ts'
import { openTestShaman, randomBlob, readAll, type TestBlob } from './support/farm.ts'
import { createFaultyDisk, type Fault, type FaultyDisk } from './support/faulty-disk.ts'

async function faultyShaman(t: TestContext): Promise<{ shaman: Shaman; disk: FaultyDisk }> {
  const disk = createFaultyDisk()
  const shaman = await openTestShaman(t, { disk })
  // The index of a new store is made beside requests, and a fault may not strike there.
  await shaman.ready
  return { shaman, disk }
}

async function* pieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000)
}

const ways = {
  'a small blob': (shaman: Shaman, { digest, bytes }: TestBlob) =>
    shaman.blobs.putBytes(digest, bytes),
  'a stream': (shaman: Shaman, { digest, bytes }: TestBlob) =>
    shaman.blobs.put(digest, pieces(bytes)),
  'a resumable upload': (shaman: Shaman, { digest, bytes }: TestBlob) =>
    shaman.partials.append({ digest, client: 'me', offset: 0, bytes: pieces(bytes) }),
}

// Left out: what no blob's way in uses, and the removal of what failed, which a later start makes up for.
const unused = ['linkSync', 'rmdirSync', 'symlinkSync', 'ftruncateSync', 'unlinkSync']
const calls = (Object.keys(realDisk) as (keyof Disk)[]).filter((call) => !unused.includes(call))
const errnos = ['ENOSPC', 'EIO', 'EMFILE', 'ESTALE'] as const
const inStore = (path: string): boolean => !path.includes('jobs')

for (const [way, put] of Object.entries(ways)) {
  test(`whatever call of the write path fails, ${way} is not acknowledged, leaves nothing, and goes in afterwards`, async (t) => {
    const { shaman, disk } = await faultyShaman(t)
    let strikes = 0
    for (const call of calls) {
      for (const errno of errnos) {
        const blob = randomBlob(300_000)
        disk.inject({ call, errno, when: inStore })
        const outcome = await put(shaman, blob).then(
          () => 'stored',
          (error: unknown) => error,
        )
        if (disk.struck() === 0) continue
        strikes += 1
        const where = `${call} ${errno}`
        assert.notEqual(outcome, 'stored', where)
        if (
          errno === 'ENOSPC' &&
          !['fdatasync', 'fsync', 'lstatSync', 'freeBytes'].includes(call)
        ) {
          assert.ok(isCode(outcome, 'NO_SPACE'), `${where}: ${outcome}`)
        }
        await shaman.blobs.committer.idle()
        assert.deepEqual(await readdir(shaman.blobs.tempDir), [], `${where} left a temp file`)
        await retry(shaman, blob, put)
      }
    }
    assert.ok(strikes >= 16, `only ${strikes} faults struck`)
  })
}

/** The client asks where the upload stands, and sends it again from there. */
async function retry(
  shaman: Shaman,
  blob: TestBlob,
  put: (shaman: Shaman, blob: TestBlob) => Promise<unknown>,
): Promise<void> {
  if (!shaman.blobs.isStored(blob.digest)) {
    const offset = await shaman.partials.offset(blob.digest, 'me')
    if (offset === 0) await put(shaman, blob)
    else {
      const rest = pieces(blob.bytes.subarray(offset))
      await shaman.partials.append({ digest: blob.digest, client: 'me', offset, bytes: rest })
    }
  }
  assert.deepEqual(await readAll(await shaman.blobs.open(blob.digest)), blob.bytes)
}

for (const [way, put] of Object.entries(ways)) {
  test(`short writes are continued for ${way}`, async (t) => {
    const { shaman, disk } = await faultyShaman(t)
    const blob = randomBlob(300_000)
    const call = way === 'a small blob' ? 'writeSync' : 'write'
    disk.inject({ call, short: true, times: 3 })
    await put(shaman, blob)
    assert.ok(disk.struck() > 0)
    assert.deepEqual(await readAll(await shaman.blobs.open(blob.digest)), blob.bytes)
  })

  test(`a rename that happened though its reply was lost counts for ${way}`, async (t) => {
    const { shaman, disk } = await faultyShaman(t)
    const blob = randomBlob(5000)
    disk.inject({ call: 'renameSync', errno: 'ENOENT', afterDoing: true })
    await put(shaman, blob)
    assert.equal(disk.struck(), 1)
    assert.ok(shaman.blobs.isStored(blob.digest))
  })
}

test('whatever call fails while a checkout is made, nothing of it is left and the next one works', async (t) => {
  const { shaman, disk } = await faultyShaman(t)
  const blob = randomBlob(100)
  await shaman.blobs.putBytes(blob.digest, blob.bytes)
  const files = ['a', 'd/b', 'd/e/c'].map((path) => ({ ...blob.digest, path }))
  const faults: Fault[] = (
    [
      'symlinkSync',
      'mkdirSync',
      'renameSync',
      'openSync',
      'writeSync',
      'fdatasync',
      'closeSync',
    ] as const
  ).flatMap((call) => errnos.map((errno) => ({ call, errno })))
  let strikes = 0
  for (const fault of faults) {
    disk.inject(fault)
    const made = await shaman.checkouts.create({ path: 'show/job', files }).catch(() => undefined)
    if (disk.struck() === 0) {
      if (made) await shaman.checkouts.erase(made.path)
      continue
    }
    strikes += 1
    assert.equal(made, undefined, `${fault.call} ${fault.errno}`)
    const left = (await readdir(shaman.jobsDir, { recursive: true })).filter(
      (name) => name !== 'show',
    )
    assert.deepEqual(left, [], `${fault.call} ${fault.errno}`)
    assert.equal(shaman.checkouts.list().length, 0)
    assert.deepEqual(await readdir(shaman.layout.manifests), [])
  }
  assert.ok(strikes >= 20, `only ${strikes} faults struck`)
  const { path } = await shaman.checkouts.create({ path: 'show/job', files })
  assert.equal(path, 'show/job')
})

test('a checkout whose rename was done though its reply was lost is published', async (t) => {
  const { shaman, disk } = await faultyShaman(t)
  const blob = randomBlob(100)
  await shaman.blobs.putBytes(blob.digest, blob.bytes)
  disk.inject({
    call: 'renameSync',
    errno: 'ENOENT',
    afterDoing: true,
    when: (path) => path.includes('.staging-'),
  })
  const { path } = await shaman.checkouts.create({
    path: 'job',
    files: [{ ...blob.digest, path: 'a' }],
  })
  assert.equal(path, 'job')
  assert.deepEqual(
    shaman.checkouts.list().map((checkout) => checkout.path),
    ['job'],
  )
})
