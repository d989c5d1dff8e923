import assert from 'node:assert/strict'
import { chmod, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { isCode } from '../src/errors.ts'
import { openShaman } from '../src/open-shaman.ts'
import {
  blobOf,
  openTestShaman,
  putBlob,
  randomBlob,
  startTestFarm,
  tempDir,
  uploadFile,
} from './support/farm.ts'
import { createFaultyDisk } from './support/faulty-disk.ts'

test('scrub finds a flipped bit, names the broken checkout, and the next submission mends it', async (t) => {
  const { shaman, client } = await startTestFarm(t)
  const [good, bad] = [randomBlob(5000), randomBlob(6000)]
  const files = [uploadFile('good', good), uploadFile('bad', bad)]
  await client.submit({ files, checkoutPath: 'shot' })
  const path = shaman.layout.blob(bad.digest)
  await chmod(path, 0o644)
  const bytes = Buffer.from(bad.bytes)
  bytes[100]! ^= 1
  await writeFile(path, bytes)

  await shaman.scrubber.start()
  const status = await shaman.scrubber.finished()
  assert.deepEqual([status.running, status.blobs, status.damaged], [false, 2, 1])
  const listed = await shaman.quarantine.list()
  assert.deepEqual(
    listed.map(([digest, record]) => [digest, record.checkouts]),
    [[bad.digest, ['shot']]],
  )
  assert.equal(shaman.negotiator.status(bad.digest), 'unknown')

  const { receipt } = await client.submit({ files, checkoutPath: 'shot' })
  assert.equal(receipt.uploadedFiles, 1)
  assert.deepEqual(await readFile(join(shaman.jobsDir, 'shot/bad')), bad.bytes)
  assert.deepEqual(await shaman.quarantine.list(), [])
})

test('a scrub that was stopped continues where it was', async (t) => {
  const shaman = await openTestShaman(t)
  for (let i = 0; i < 50; i += 1) await putBlob(shaman, randomBlob(2000))
  await shaman.scrubber.start({ bytesPerSecond: 20_000 })
  await new Promise((resolve) => setTimeout(resolve, 250))
  const stopped = await shaman.scrubber.stop()
  assert.ok(stopped.blobs > 0 && stopped.blobs < 50, `${stopped.blobs} blobs were read`)
  await shaman.scrubber.start()
  const finished = await shaman.scrubber.finished()
  assert.equal(finished.blobs, 50)
  assert.ok(finished.finished > 0)
})

test('fsck tells torn blobs, blobs the index misses and checkouts that lost a blob, and mends what it can', async (t) => {
  const shaman = await openTestShaman(t)
  const [torn, unknown, lost] = [randomBlob(500), randomBlob(600), randomBlob(700)]
  for (const blob of [torn, unknown, lost]) await putBlob(shaman, blob)
  await shaman.checkouts.create({ path: 'job', files: [{ ...lost.digest, path: 'a' }] })
  await chmod(shaman.layout.blob(torn.digest), 0o644)
  await truncate(shaman.layout.blob(torn.digest), 10)
  await shaman.index.deleteBlobs([unknown.digest])
  await rm(shaman.layout.blob(lost.digest))
  const report = await shaman.fsck()
  const kinds = report.problems.map((problem) => problem.kind).sort()
  assert.deepEqual(kinds, ['missing-blob', 'not-indexed', 'only-indexed', 'wrong-size'])
  await shaman.fsck({ repair: true })
  const after = await shaman.fsck()
  assert.deepEqual(
    after.problems.map(({ kind, checkout }) => [kind, checkout]),
    [['missing-blob', 'job']],
  )
})

test('a lost index is rebuilt from the files', async (t) => {
  const dir = await tempDir(t)
  const options = { root: join(dir, 'root'), reserveBytes: 0 }
  const first = await openShaman({ ...options, stateDir: join(dir, 'state') })
  const blobs = [blobOf('a'), blobOf('bb')]
  for (const blob of blobs) await putBlob(first, blob)
  await first.checkouts.create({ path: 'job', files: [{ ...blobs[0]!.digest, path: 'f' }] })
  await first.close()
  const second = await openShaman({ ...options, stateDir: join(dir, 'another') })
  t.after(() => second.close())
  await second.ready
  const { blobs: count, bytes, checkouts, referencedBlobs } = await second.stats()
  assert.deepEqual([count, bytes, checkouts, referencedBlobs], [2, 3, 1, 1])
  assert.deepEqual(await second.holders(blobs[0]!.digest), ['job'])
})

test('a rebuild that was cut short is done at the next start', async (t) => {
  const dir = await tempDir(t)
  const root = join(dir, 'root')
  const first = await openShaman({ root, stateDir: join(dir, 'state'), reserveBytes: 0 })
  const blob = blobOf('a')
  await putBlob(first, blob)
  await first.checkouts.create({ path: 'job', files: [{ ...blob.digest, path: 'f' }] })
  await first.close()
  const options = { root, stateDir: join(dir, 'another'), reserveBytes: 0 }
  const disk = createFaultyDisk()
  disk.inject({
    call: 'lstatSync',
    errno: 'EIO',
    when: (path) => path === first.layout.blob(blob.digest),
  })
  const second = await openShaman({ ...options, disk })
  await assert.rejects(second.ready, (error) => isCode(error, 'EIO'))
  await second.close()
  const third = await openShaman(options)
  t.after(() => third.close())
  await third.ready
  assert.equal((await third.stats()).blobs, 1)
  assert.deepEqual(await third.holders(blob.digest), ['job'])
})

test('a store that was there and is not is taken for an unmounted share', async (t) => {
  const dir = await tempDir(t)
  const options = { root: join(dir, 'root'), stateDir: join(dir, 'state'), reserveBytes: 0 }
  await (await openShaman(options)).close()
  await rm(join(dir, 'root'), { recursive: true })
  await assert.rejects(openShaman(options), (error) => isCode(error, 'STORE_ABSENT'))
})

test('a second server on the same store is refused', async (t) => {
  const dir = await tempDir(t)
  const options = { root: join(dir, 'root'), reserveBytes: 0 }
  const first = await openShaman({ ...options, stateDir: join(dir, 'one') })
  t.after(() => first.close())
  const locked = (error: unknown) => isCode(error, 'STORE_LOCKED')
  await assert.rejects(openShaman({ ...options, stateDir: join(dir, 'two') }), locked)
  await assert.rejects(openShaman({ ...options, stateDir: join(dir, 'one') }), locked)
})

test('an empty folder made by hand keeps its name from checkouts, and erasing one leaves the other', async (t) => {
  const shaman = await openTestShaman(t)
  const blob = blobOf('x')
  await putBlob(shaman, blob)
  const files = [{ ...blob.digest, path: 'f' }]
  const made = await Promise.all(
    Array.from({ length: 6 }, () => shaman.checkouts.create({ path: 'a/job', files })),
  )
  assert.equal(new Set(made.map((one) => one.path)).size, 6)
  await symlink('/nowhere', join(shaman.jobsDir, 'taken'))
  const beside = await shaman.checkouts.create({ path: 'taken', files })
  assert.notEqual(beside.path, 'taken')
  await shaman.checkouts.erase('a/job')
  assert.equal(shaman.checkouts.list().length, 6)
  const inside = shaman.checkouts.create({ path: `${beside.path}/sub`, files })
  await assert.rejects(inside, (error) => isCode(error, 'PATH_UNSAFE'))
})

test('a name Windows cannot have is mended, as clients honour the path they are told', async (t) => {
  const shaman = await openTestShaman(t)
  const paths = ['shot 01. ', 'con/x', 'tëst job']
  const made = []
  for (const path of paths) made.push((await shaman.checkouts.create({ path, files: [] })).path)
  assert.deepEqual(made, ['shot 01', '_con/x', 'tëst job'])
})
