import assert from 'node:assert/strict'
import { lstat, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { collectRegularly } from '../src/gc/regularly.ts'
import { openTestShaman, putBlob, randomBlob } from './support/farm.ts'
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
