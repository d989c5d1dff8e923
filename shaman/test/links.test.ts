import assert from 'node:assert/strict'
import { lstat, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { digestOf } from '../src/digest.ts'
import { collectRegularly } from '../src/gc/regularly.ts'
import { blobOf, openTestShaman, putBlob, randomBlob } from './support/farm.ts'
import { createFaultyDisk } from './support/faulty-disk.ts'
import { until } from './support/http.ts'

for (const links of ['symlink', 'hardlink', 'copy'] as const) {
  test(`a checkout made of ${links}s holds the files, and collecting its blobs after it is erased works`, async (t) => {
    let time = Date.now()
    const shaman = await openTestShaman(t, { links, now: () => time })
    const blob = randomBlob(1000)
    await putBlob(shaman, blob)
    const { path } = await shaman.checkouts.create({
      path: 'job',
      files: [{ ...blob.digest, path: 'd/f' }],
    })
    const file = join(shaman.jobsDir, path, 'd/f')
    assert.deepEqual(await readFile(file), blob.bytes)
    assert.equal((await lstat(file)).isSymbolicLink(), links === 'symlink')
    time += 40 * 24 * 3600 * 1000
    assert.equal((await shaman.gc.plan()).removed.blobs, 0)
    await shaman.checkouts.erase('job')
    const plan = await shaman.gc.plan()
    assert.equal((await shaman.gc.apply(plan.id)).removed.blobs, 1)
  })
}

test('a checkout of 50,000 links is whole, one made beside it too, and one that fails on its way leaves nothing', async (t) => {
  const shaman = await openTestShaman(t, { durability: 'none' })
  const blobs = Array.from({ length: 20 }, (_, i) => blobOf(`texture ${i}`))
  for (const blob of blobs) await putBlob(shaman, blob)
  const files = Array.from({ length: 50_000 }, (_, i) => ({
    ...blobs[i % blobs.length]!.digest,
    path: `set ${i % 100}/file ${i}`,
  }))
  const made = await Promise.all([
    shaman.checkouts.create({ path: 'show/large', files }),
    shaman.checkouts.create({ path: 'show/large', files: files.slice(0, 2000) }),
  ])
  for (const { path, files: count } of made) {
    const dir = join(shaman.jobsDir, path)
    const links = (await readdir(dir, { recursive: true, withFileTypes: true })).filter((entry) =>
      entry.isSymbolicLink(),
    )
    assert.equal(links.length, count)
    for (const { path: name, sha } of files.slice(0, 2000).filter((_, i) => i % 97 === 0)) {
      assert.equal(digestOf(await readFile(join(dir, name))).sha, sha, name)
    }
  }
  assert.equal(
    made.reduce((sum, one) => sum + one.files, 0),
    52_000,
  )
  // The last file cannot be made, when most of the others are: its folder's name is taken by a link.
  const before = await readdir(shaman.jobsDir, { recursive: false })
  const tooLong = { ...blobs[0]!.digest, path: `${'d/'.repeat(1990)}f` }
  await assert.rejects(shaman.checkouts.create({ path: 'bad', files: [...files, tooLong] }))
  assert.deepEqual(await readdir(shaman.jobsDir), before)
  assert.equal(shaman.checkouts.list().length, 2)
})

test('where symbolic links are forbidden, hard links are used, and the reason is told', async (t) => {
  const disk = createFaultyDisk()
  disk.inject({ call: 'symlinkSync', errno: 'EPERM', times: 100 })
  const shaman = await openTestShaman(t, { disk })
  assert.deepEqual(shaman.links, { strategy: 'hardlink', reason: 'symlink: EPERM' })
})

test('a store collects by itself when its time has come, and empties the trash later', async (t) => {
  let time = Date.now()
  const shaman = await openTestShaman(t, { now: () => time })
  const blob = randomBlob(1000)
  await putBlob(shaman, blob)
  const stop = collectRegularly(shaman, { lookEveryMs: 10 })
  t.after(stop)
  time += 40 * 24 * 3600 * 1000
  await until(() => !shaman.blobs.isStored(blob.digest))
  await until(async () => (await shaman.gc.trash()).length === 1)
  time += 3 * 24 * 3600 * 1000
  await until(async () => (await shaman.gc.trash()).length === 0)
})
