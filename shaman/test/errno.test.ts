import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { LinkStrategy } from '../src/checkouts/link.ts'
import { type Disk, realDisk } from '../src/disk.ts'
import { isCode } from '../src/errors.ts'
import type { GcResult } from '../src/gc/collector.ts'
import type { Shaman } from '../src/shaman.ts'
import { openTestShaman, randomBlob, readAll, type TestBlob } from './support/farm.ts'
import { createFaultyDisk, type Fault, type FaultyDisk } from './support/faulty-disk.ts'
import { until } from './support/http.ts'

async function faultyShaman(
  t: TestContext,
  options: { links?: LinkStrategy } = {},
): Promise<{ shaman: Shaman; disk: FaultyDisk }> {
  const disk = createFaultyDisk()
  const shaman = await openTestShaman(t, { disk, ...options })
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
const unused = [
  'linkSync',
  'copyFileSync',
  'rmdirSync',
  'symlinkSync',
  'ftruncateSync',
  'unlinkSync',
]
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

for (const errno of ['EPERM', 'EBUSY']) {
  test(`a file that another program holds open for a moment gets its name afterwards (${errno}), and its neighbours do not wait`, async (t) => {
    const { shaman, disk } = await faultyShaman(t)
    const [held, beside] = [randomBlob(5000), randomBlob(6000)]
    let isOpen = true
    disk.inject({ call: 'renameSync', errno, times: 1000, when: () => isOpen })
    const putting = shaman.blobs.putBytes(held.digest, held.bytes)
    await until(() => disk.struck() > 0)
    const [first] = (await readdir(shaman.blobs.tempDir)).map(
      (name) => `${shaman.blobs.tempDir}/${name}`,
    )
    disk.inject({
      call: 'renameSync',
      errno,
      times: 1000,
      when: (path) => isOpen && path === first,
    })
    await shaman.blobs.putBytes(beside.digest, beside.bytes)
    assert.equal(shaman.blobs.isStored(held.digest), false)
    isOpen = false
    assert.equal(await putting, 'stored')
    assert.deepEqual(await readAll(await shaman.blobs.open(held.digest)), held.bytes)
  })
}

test('a file that is held open for long fails its upload alone, and leaves nothing', async (t) => {
  const { shaman, disk } = await faultyShaman(t)
  const { digest, bytes } = randomBlob(5000)
  disk.inject({ call: 'renameSync', errno: 'EBUSY', times: 1000 })
  await assert.rejects(shaman.blobs.putBytes(digest, bytes), /EBUSY/)
  assert.equal(disk.struck(), 9)
  assert.deepEqual(await readdir(shaman.blobs.tempDir), [])
})

test('a checkout whose folder or manifest is held open for a moment is published afterwards', async (t) => {
  const { shaman, disk } = await faultyShaman(t)
  const blob = randomBlob(100)
  await shaman.blobs.putBytes(blob.digest, blob.bytes)
  for (const part of ['.staging-', 'manifests']) {
    disk.inject({
      ...{ call: 'renameSync', errno: 'EBUSY', times: 3 },
      when: (path) => path.includes(part),
    })
    const files = [{ ...blob.digest, path: 'a' }]
    assert.equal((await shaman.checkouts.create({ path: part.slice(1), files })).files, 1)
    assert.equal(disk.struck(), 3)
  }
})

test('when a blob cannot be collected, what was taken before is in the trash and out of the index', async (t) => {
  const disk = createFaultyDisk()
  let time = Date.now()
  const shaman = await openTestShaman(t, { disk, now: () => time })
  const blobs = Array.from({ length: 5 }, (_, i) => randomBlob(100 + i))
  for (const { digest, bytes } of blobs) await shaman.blobs.putBytes(digest, bytes)
  time += 40 * 24 * 3600 * 1000
  const last = blobs.map(({ digest }) => digest.sha).sort()[4]!
  const isLast = (path: string): boolean => path === shaman.layout.blob(lastDigest)
  const lastDigest = blobs.find(({ digest }) => digest.sha === last)!.digest
  const collect = async (): Promise<GcResult> => shaman.gc.apply((await shaman.gc.plan()).id)
  disk.inject({ call: 'renameSync', errno: 'EIO', when: isLast })
  await assert.rejects(collect(), /EIO/)
  assert.deepEqual((await shaman.fsck()).problems, [])
  const [epoch] = await shaman.gc.trash()
  assert.equal(epoch?.blobs, 4)
  assert.equal((await shaman.gc.undo(epoch.epoch)).blobs, 4)

  time += 40 * 24 * 3600 * 1000
  disk.inject({ call: 'renameSync', errno: 'EBUSY', when: isLast })
  const { removed, spared } = await collect()
  assert.deepEqual([removed.blobs, spared.blobs], [4, 1])
})

const linkCalls = {
  symlink: 'symlinkSync',
  hardlink: 'linkSync',
  copy: 'copyFileSync',
} as const
const checkoutCalls = [
  'mkdirSync',
  'renameSync',
  'openSync',
  'writeSync',
  'fdatasync',
  'closeSync',
] as const

for (const [links, link] of Object.entries(linkCalls) as [keyof typeof linkCalls, keyof Disk][]) {
  test(`whatever call fails while a checkout is made by ${links}, nothing of it is left and the next one works`, async (t) => {
    const { shaman, disk } = await faultyShaman(t, { links })
    const blob = randomBlob(100)
    await shaman.blobs.putBytes(blob.digest, blob.bytes)
    const files = ['a', 'd/b', 'd/e/c'].map((path) => ({ ...blob.digest, path }))
    const make = () => shaman.checkouts.create({ path: 'show/job', files })
    const faults: Fault[] = [link, ...checkoutCalls].flatMap((call) =>
      errnos.map((errno) => ({ call, errno })),
    )
    let strikes = 0
    for (const fault of faults) {
      disk.inject(fault)
      const made = await make().catch(() => undefined)
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
    assert.equal((await make()).path, 'show/job')
    assert.deepEqual(await readAll(await shaman.blobs.open(blob.digest)), blob.bytes)
  })
}

test('a blob that can have no further name on its volume is copied into the checkout', async (t) => {
  const { shaman, disk } = await faultyShaman(t, { links: 'hardlink' })
  const blob = randomBlob(100)
  await shaman.blobs.putBytes(blob.digest, blob.bytes)
  for (const errno of ['EMLINK', 'UNKNOWN']) {
    disk.inject({ call: 'linkSync', errno })
    const files = ['linked not', 'linked'].map((path) => ({ ...blob.digest, path }))
    const { path } = await shaman.checkouts.create({ path: errno, files })
    assert.equal(disk.struck(), 1)
    const read = (name: string) => readFile(join(shaman.jobsDir, path, name))
    assert.deepEqual(await read('linked not'), blob.bytes)
    assert.deepEqual(await read('linked'), blob.bytes)
  }
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
