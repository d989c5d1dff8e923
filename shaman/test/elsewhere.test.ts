import assert from 'node:assert/strict'
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createShamanClient } from '../src/client/main.ts'
import { digestOf } from '../src/digest.ts'
import { isCode } from '../src/errors.ts'
import { type BlobStore, openShaman } from '../src/main.ts'
import { listed, randomBlob, startTestFarm, tempDir, uploadFile } from './support/farm.ts'
import { createFaultyDisk } from './support/faulty-disk.ts'
import { ask } from './support/http.ts'
import { startS3 } from './support/s3.ts'

test('a farm without shared storage uploads into a bucket, and a worker fetches a checkout by its manifest', async (t) => {
  const { blobsIn } = await startS3(t)
  const { shaman, client, url } = await startTestFarm(t, { blobsIn })
  const blobs = [...Array.from({ length: 60 }, (_, i) => randomBlob(i * 50)), randomBlob(9_000_000)]
  const files = blobs.map((blob, i) => uploadFile(`tex/${i}`, blob))
  const { checkoutPath, receipt } = await client.submit({ files, checkoutPath: 'shot' })
  assert.equal(receipt.uploadedFiles, blobs.length)
  assert.deepEqual(await listed(blobsIn), await listed(shaman.blobs))
  assert.deepEqual(await readdir(join(shaman.jobsDir, checkoutPath)), [])
  for (const { digest } of blobs) {
    const { size, blocks } = await stat(shaman.layout.blob(digest))
    assert.deepEqual({ size, blocks }, { size: digest.size, blocks: 0 }, 'no byte lies here')
  }

  const dir = await tempDir(t)
  const { files: wanted } = await client.manifest(checkoutPath)
  await client.downloadAll(
    wanted.map(({ sha, size, path }) => ({ digest: { sha, size }, toFile: join(dir, path) })),
  )
  for (const [i, { bytes }] of blobs.entries()) {
    assert.deepEqual(await readFile(join(dir, `tex/${i}`)), bytes)
  }
  const last = blobs.at(-1)!
  const range = await ask('GET', `${url}/x/blobs/${last.digest.sha}/${last.digest.size}`, {
    headers: { range: 'bytes=1000-1999' },
  })
  assert.equal(range.status, 206)
  assert.deepEqual(range.body, last.bytes.subarray(1000, 2000))

  const again = await client.submit({ files, checkoutPath: 'shot' })
  assert.equal(again.receipt.uploadedFiles, 0)
  assert.equal(again.checkoutPath.startsWith('shot-'), true)
})

test('collection takes from a bucket what no checkout needs, once the trash is emptied, and undo needs no byte', async (t) => {
  let time = Date.now()
  const { blobsIn } = await startS3(t)
  const { shaman, client } = await startTestFarm(t, { blobsIn, now: () => time })
  const [kept, dropped, back] = [randomBlob(1000), randomBlob(2000), randomBlob(3000)]
  await client.submit({ files: [uploadFile('a', kept)], checkoutPath: 'kept' })
  await client.upload({ files: [uploadFile('b', dropped), uploadFile('c', back)] })
  time += 40 * 24 * 3600 * 1000
  const { epoch, removed } = await shaman.gc.apply((await shaman.gc.plan()).id)
  assert.equal(removed.blobs, 2)
  assert.equal((await listed(blobsIn)).length, 3, 'the trash can still be undone')
  await shaman.gc.undo(epoch)
  assert.deepEqual(await bytesOf(shaman.blobs, dropped), dropped.bytes)

  time += 40 * 24 * 3600 * 1000
  await shaman.gc.apply((await shaman.gc.plan()).id)
  // Uploaded anew while its old self is in the trash: its bytes must not go with that.
  await shaman.blobs.putBytes(back.digest, back.bytes)
  await shaman.gc.emptyTrash(0)
  assert.deepEqual(await listed(blobsIn), await listed(shaman.blobs))
  assert.deepEqual(await bytesOf(shaman.blobs, back), back.bytes)
  assert.equal(shaman.blobs.isStored(dropped.digest), false)
})

test('scrub finds a damaged and a lost object, and the next submission brings both again', async (t) => {
  const { blobsIn } = await startS3(t)
  const { shaman, client } = await startTestFarm(t, { blobsIn: spoiling(blobsIn) })
  const [good, damaged, lost] = [randomBlob(1000), randomBlob(2000), randomBlob(3000)]
  const files = [good, damaged, lost].map((blob, i) => uploadFile(`${i}`, blob))
  await client.submit({ files, checkoutPath: 'job' })
  await blobsIn.delete(lost.digest)
  spoiled.add(damaged.digest.sha)
  await shaman.scrubber.start()
  assert.equal((await shaman.scrubber.finished()).damaged, 2)
  spoiled.clear()
  const { receipt } = await client.submit({ files, checkoutPath: 'job' })
  assert.equal(receipt.uploadedFiles, 2)
  assert.deepEqual(await bytesOf(shaman.blobs, damaged), damaged.bytes)
  assert.deepEqual(await bytesOf(shaman.blobs, lost), lost.bytes)
})

const spoiled = new Set<string>()

/** A store that hands out one blob's bytes wrong, as a failing disk of its server would. */
function spoiling(store: BlobStore): BlobStore {
  return {
    ...store,
    async open(digest, range) {
      const stream = await store.open(digest, range)
      if (!spoiled.has(digest.sha)) return stream
      return stream.map((chunk: Buffer) => Buffer.from(chunk.map((byte) => byte ^ 1)))
    },
  }
}

test('while the bucket cannot be reached uploads fail with a reason and leave nothing, and what is told stays true', async (t) => {
  const { blobsIn, stop } = await startS3(t)
  const { shaman, url } = await startTestFarm(t, { blobsIn: impatient(blobsIn) })
  await stop()
  const { digest, bytes } = randomBlob(1000)
  const answer = await ask('POST', `${url}/files/${digest.sha}/${digest.size}`, { body: bytes })
  assert.equal(answer.status, 500)
  assert.match(String(answer.json().message), /s3:\/\/farm\/test\/ did not take a blob/)
  assert.equal(answer.json().error_code, 'STORE_FAULT')
  assert.equal(shaman.blobs.isStored(digest), false)
  assert.deepEqual(await readdir(shaman.blobs.tempDir), [])
})

/** The client of a bucket tries for a while; a test need not wait for that. */
function impatient(store: BlobStore): BlobStore {
  return {
    ...store,
    put: (digest, bytes) =>
      Promise.race([
        store.put(digest, bytes),
        new Promise<never>((_resolve, reject) =>
          setTimeout(() => reject(Object.assign(new Error('gave up'), { code: 'ETIMEDOUT' })), 100),
        ),
      ]),
  }
}

test('whatever call fails while a placeholder is made, the blob is not acknowledged and goes in afterwards', async (t) => {
  const { blobsIn } = await startS3(t)
  const disk = createFaultyDisk()
  const { shaman } = await startTestFarm(t, { blobsIn, disk })
  const isPlaceholder = (path: string): boolean => path.endsWith('.elsewhere')
  for (const [call, when] of [
    ['openSync', isPlaceholder],
    ['ftruncateSync', () => true],
    ['renameSync', isPlaceholder],
  ] as const) {
    const { digest, bytes } = randomBlob(5000)
    disk.inject({ call, errno: 'EIO', when })
    await assert.rejects(shaman.blobs.putBytes(digest, bytes), call)
    assert.equal(disk.struck(), 1, call)
    assert.equal(shaman.blobs.isStored(digest), false)
    assert.deepEqual(await readdir(shaman.blobs.tempDir), [], call)
    await shaman.blobs.putBytes(digest, bytes)
    assert.deepEqual(await bytesOf(shaman.blobs, { digest, bytes }), bytes)
  }
})

test('a root belongs to its bucket for good, and a lost root is made again from the bucket', async (t) => {
  const { blobsIn } = await startS3(t)
  const dir = await tempDir(t)
  const places = { root: join(dir, 'root'), stateDir: join(dir, 'state'), reserveBytes: 0 }
  const blob = randomBlob(5000)
  const first = await openShaman({ ...places, blobsIn })
  await first.blobs.putBytes(blob.digest, blob.bytes)
  await first.close()
  await assert.rejects(openShaman(places), (error) => isCode(error, 'STORE_ELSEWHERE'))
  await assert.rejects(
    openShaman({ ...places, blobsIn: { ...blobsIn, place: 's3://other/' } }),
    /s3:\/\/farm\/test\/, not in s3:\/\/other\//,
  )

  await rm(dir, { recursive: true })
  const second = await openShaman({ ...places, blobsIn })
  t.after(() => second.close())
  await second.ready
  assert.equal((await second.stats()).blobs, 1)
  assert.deepEqual(await bytesOf(second.blobs, blob), blob.bytes)
})

test('a client that sends edits as deltas sends whole files to a store whose bytes are elsewhere', async (t) => {
  const { blobsIn } = await startS3(t)
  const { server, url } = await startTestFarm(t, { blobsIn })
  const answer = await ask('GET', `${url}/x/capabilities`)
  assert.equal((answer.json().features as string[]).includes('splice'), false)
  assert.equal((await ask('GET', `${url}/x/bases?path=a`)).status, 404)
  const client = createShamanClient({ url: server.url })
  t.after(() => client.close())
  const { receipt } = await client.submit({
    files: [uploadFile('shot.blend', randomBlob(2_000_000))],
    checkoutPath: 'job',
  })
  assert.equal(receipt.uploadedFiles, 1)
})

async function bytesOf(
  store: BlobStore,
  { digest }: { digest: { sha: string; size: number }; bytes: Buffer },
): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of await store.open(digest)) chunks.push(chunk as Buffer)
  const bytes = Buffer.concat(chunks)
  assert.equal(digestOf(bytes).sha, digest.sha)
  return bytes
}
