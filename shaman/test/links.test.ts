import assert from 'node:assert/strict'
import { chmod, lstat, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { digestOf } from '../src/digest.ts'
import { isCode } from '../src/errors.ts'
import { blobOf, openTestShaman, putBlob, randomBlob, readAll } from './support/farm.ts'
import { createFaultyDisk } from './support/faulty-disk.ts'
import { mountImage, usedBytes } from './support/mount-image.ts'

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

for (const [type, options] of [
  ['btrfs', []],
  ['xfs', ['-m', 'reflink=1']],
] as const) {
  test(`on ${type} a checkout by reflink shares the blobs' blocks, and what a job writes there leaves them as they are`, async (t) => {
    const volume = mountImage(t, type, options)
    if (volume === undefined) return
    const disk = createFaultyDisk()
    const forbidden = Object.assign(new Error('not permitted'), { code: 'EPERM' })
    const refuse = (): never => {
      throw forbidden
    }
    Object.assign(disk, { symlinkSync: refuse, linkSync: refuse })
    const shaman = await openTestShaman(t, { root: join(volume, 'storage'), disk })
    assert.equal(shaman.links.strategy, 'reflink', shaman.links.reason)
    const blob = randomBlob(16 << 20)
    await putBlob(shaman, blob)
    const before = usedBytes(volume)
    const files = Array.from({ length: 5 }, (_, i) => ({ ...blob.digest, path: `d/f${i}` }))
    const { path } = await shaman.checkouts.create({ path: 'job', files })
    const grown = usedBytes(volume) - before
    assert.ok(grown < blob.bytes.length / 2, `the volume holds ${grown} bytes more`)

    const file = join(shaman.jobsDir, path, 'd/f0')
    assert.ok((await lstat(file)).isFile())
    assert.deepEqual(await readFile(file), blob.bytes)
    await chmod(file, 0o644)
    await writeFile(file, 'written by a job')
    assert.deepEqual(await readAll(await shaman.blobs.open(blob.digest)), blob.bytes)
    assert.deepEqual(await readFile(join(shaman.jobsDir, path, 'd/f1')), blob.bytes)
  })
}

test('a checkout whose blobs are not all there is refused whatever it is made of, and leaves nothing', async (t) => {
  for (const links of ['symlink', 'hardlink', 'copy'] as const) {
    const shaman = await openTestShaman(t, { links, durability: 'none' })
    // So many that threads look at them.
    const blobs = Array.from({ length: 600 }, (_, i) => blobOf(`texture ${i}`))
    await Promise.all(blobs.slice(1).map((blob) => putBlob(shaman, blob)))
    const files = blobs.map(({ digest }, i) => ({ ...digest, path: `set/file ${i}` }))
    const made = shaman.checkouts.create({ path: 'job', files, waitMs: 0 })
    await assert.rejects(made, (error) => isCode(error, 'CHECKOUT_INCOMPLETE'))
    assert.deepEqual(await readdir(shaman.jobsDir), [])
    assert.deepEqual(await readdir(shaman.layout.manifests), [])
  }
})
