import assert from 'node:assert/strict'
import { readFile, readlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createShamanClient } from '../src/client/main.ts'
import { blobOf, randomBlob, startTestFarm, tempDir, uploadFile } from './support/farm.ts'

test('a submission uploads each content once and its checkout links to every file', async (t) => {
  const { client, shaman } = await startTestFarm(t)
  const texture = randomBlob(100_000)
  const files = [
    uploadFile('scene.blend', randomBlob(3_000_000)),
    uploadFile('tex/stone wall.png', texture),
    uploadFile('tex/kopie/Stein-Wand ä.png', texture),
    uploadFile('empty.txt', blobOf('')),
  ]
  const phases = new Set<string>()
  const first = await client.submit({
    files,
    checkoutPath: 'tëst job',
    onProgress: (progress) => phases.add(progress.phase),
  })
  assert.equal(first.checkoutPath, 'tëst job')
  assert.equal(first.receipt.uploadedFiles, 3)
  assert.equal(first.receipt.uploadedBytes, 3_100_000)
  assert.deepEqual([...phases], ['negotiate', 'upload', 'checkout'])
  for (const file of files) {
    const path = join(shaman.jobsDir, first.checkoutPath, file.path)
    assert.ok(!(await readlink(path)).startsWith('/'), 'links are relative')
    assert.deepEqual(await readFile(path), (file.source as { bytes: Buffer }).bytes)
  }

  const second = await client.submit({ files, checkoutPath: 'tëst job' })
  assert.equal(second.receipt.uploadedFiles, 0)
  assert.equal(second.receipt.wireBytes, 0)
  assert.match(second.checkoutPath, /^tëst job-[a-z0-9]{4}$/)
})

test('a client that has nothing new to send makes two requests: requirements and checkout', async (t) => {
  const { client, url } = await startTestFarm(t)
  const files = [uploadFile('scene.blend', randomBlob(2_000_000)), uploadFile('a.png', blobOf('a'))]
  await client.submit({ files, checkoutPath: 'first' })
  const later = createShamanClient({ url })
  t.after(() => later.close())
  const { receipt } = await later.submit({ files, checkoutPath: 'second' })
  assert.equal(receipt.requests, 1, 'beside the one that makes the checkout')
})

test('a file on disk is uploaded as a stream and fetched back verified', async (t) => {
  const { client } = await startTestFarm(t)
  const dir = await tempDir(t)
  const blob = randomBlob(5_000_000)
  await writeFile(join(dir, 'a.bin'), blob.bytes)
  await client.upload({
    files: [{ path: 'a.bin', digest: blob.digest, source: { file: join(dir, 'a.bin') } }],
  })
  await client.download(blob.digest, join(dir, 'b.bin'))
  assert.deepEqual(await readFile(join(dir, 'b.bin')), blob.bytes)
})

test('the manifest of a checkout lists its files in order', async (t) => {
  const { client } = await startTestFarm(t)
  const files = ['z.png', 'a/b.png', 'm.blend'].map((path) => uploadFile(path, blobOf(path)))
  const { checkoutPath } = await client.submit({ files, checkoutPath: 'show/shot 010' })
  const manifest = await client.manifest(checkoutPath)
  assert.equal(manifest.path, 'show/shot 010')
  assert.deepEqual(
    manifest.files.map((file) => file.path),
    ['a/b.png', 'm.blend', 'z.png'],
  )
})
