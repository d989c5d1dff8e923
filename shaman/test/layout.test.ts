import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { isCode } from '../src/errors.ts'
import { layoutOf } from '../src/layout.ts'
import { openShaman } from '../src/open-shaman.ts'
import {
  leaveAsFlamenco,
  listed,
  openTestShaman,
  putBlob,
  randomBlob,
  startTestFarm,
  tempDir,
  uploadFile,
} from './support/farm.ts'

test('a new store keeps each blob as one file, without a directory of its own', async (t) => {
  const { shaman, client } = await startTestFarm(t)
  const blobs = Array.from({ length: 300 }, (_, i) => randomBlob(i))
  await client.submit({
    files: blobs.map((blob, i) => uploadFile(`tex/${i}`, blob)),
    checkoutPath: 'shot',
  })
  const names = await readdir(join(shaman.root, 'file-store/blobs'), { recursive: true })
  assert.equal(names.length, 256 + blobs.length)
  assert.equal(existsSync(join(shaman.root, 'file-store/stored')), false)
  const { sha, size } = blobs[7]!.digest
  assert.deepEqual(
    await readFile(
      join(shaman.root, 'file-store/blobs', sha.slice(0, 2), `${sha.slice(2)}-${size}.blob`),
    ),
    blobs[7]!.bytes,
  )
})

test("a store left by Flamenco goes on in Flamenco's layout: uploads, collection, undo, restart, rebuild", async (t) => {
  const root = join(await tempDir(t), 'storage')
  const stateDir = await tempDir(t)
  const left = randomBlob(40)
  await leaveAsFlamenco(root, [left])
  let time = Date.now()
  const open = () => openShaman({ root, stateDir, reserveBytes: 0, now: () => time })
  const first = await open()
  const many = Array.from({ length: 40 }, (_, i) => randomBlob(100 + i))
  await Promise.all(many.map((blob) => putBlob(first, blob)))
  const { blob, ownDirOf } = layoutOf(first.root, 1)
  for (const { digest, bytes } of many) assert.deepEqual(await readFile(blob(digest)), bytes)
  assert.equal(existsSync(join(root, 'file-store/blobs')), false)

  time += 40 * 24 * 3600 * 1000
  const { epoch } = await first.gc.apply((await first.gc.plan()).id)
  assert.equal(existsSync(ownDirOf(left.digest)!), false, 'no empty directory stays')
  await first.gc.undo(epoch)
  await first.close()

  const second = await open()
  t.after(() => second.close())
  await second.rebuild()
  assert.equal(second.layout.version, 1)
  assert.equal((await listed(second.blobs)).length, many.length + 1)
  assert.deepEqual(await readFile(blob(left.digest)), left.bytes)
})

test("what an empty store of Flamenco's leaves is no reason to go on in its layout", async (t) => {
  const root = join(await tempDir(t), 'storage')
  const left = randomBlob(40)
  await leaveAsFlamenco(root, [left])
  const { ownDirOf } = layoutOf(root, 1)
  await rm(ownDirOf(left.digest)!, { recursive: true })
  const shaman = await openTestShaman(t, { root })
  assert.equal(shaman.layout.version, 2)
})

test('a collection leaves the directories that many blobs share', async (t) => {
  let time = Date.now()
  const shaman = await openTestShaman(t, { now: () => time })
  const blob = randomBlob(50)
  await putBlob(shaman, blob)
  time += 40 * 24 * 3600 * 1000
  const { removed } = await shaman.gc.apply((await shaman.gc.plan()).id)
  assert.equal(removed.blobs, 1)
  assert.equal((await readdir(shaman.layout.stored)).length, 256)
})

test('a store in a layout of a later version is refused, and nothing in it is touched', async (t) => {
  const root = join(await tempDir(t), 'storage')
  const stateDir = await tempDir(t)
  const shaman = await openShaman({ root, stateDir })
  await shaman.close()
  const { sentinel } = shaman.layout
  const later = (await readFile(sentinel, 'utf8')).replace('"layout": 2', '"layout": 3')
  await writeFile(sentinel, later)
  await assert.rejects(openShaman({ root, stateDir }), (error) => isCode(error, 'STORE_ABSENT'))
  assert.equal(await readFile(sentinel, 'utf8'), later)
})
