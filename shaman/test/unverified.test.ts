import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { createScrubber } from '../src/care/scrub.ts'
import { createShamanClient } from '../src/client/main.ts'
import { isCode } from '../src/errors.ts'
import { layoutOf, newestLayout } from '../src/layout.ts'
import { openShaman } from '../src/open-shaman.ts'
import type { Shaman } from '../src/shaman.ts'
import type { Durability } from '../src/sync.ts'
import {
  openTestShaman,
  putBlob,
  randomBlob,
  startTestFarm,
  type TestBlob,
  tempDir,
  uploadFile,
} from './support/farm.ts'
import { ask, fileUrl } from './support/http.ts'
import { startServer } from './support/kill-loop.ts'

/** What a power cut makes of bytes that were not synced: a file of the right name and size, full of zeros. */
async function tear(path: string, { bytes }: TestBlob): Promise<void> {
  await chmod(path, 0o644)
  await writeFile(path, Buffer.alloc(bytes.length))
}

const verifiedAt = (shaman: Shaman, { digest }: TestBlob): number | undefined =>
  shaman.index.getBlob(digest)?.verifiedAt

for (const durability of ['batch', 'none'] as const) {
  test(`what a server with durability ${durability} took before it was killed is read before a checkout is made of it`, async (t) => {
    const dir = await tempDir(t)
    const [root, stateDir] = [join(dir, 'root'), join(dir, 'state')]
    const [good, torn, published] = [randomBlob(5000), randomBlob(6000), randomBlob(7000)]
    const server = await startServer(root, stateDir, { durability })
    const client = createShamanClient({ url: server.url })
    await client.upload({ files: [uploadFile('good', good), uploadFile('torn', torn)] })
    await client.submit({ files: [uploadFile('f', published)], checkoutPath: 'before' })
    await client.close()
    server.child.kill('SIGKILL')
    await once(server.child, 'exit')
    await tear(layoutOf(root, newestLayout).blob(torn.digest), torn)

    const farm = await startTestFarm(t, { root, stateDir })
    const { shaman } = farm
    assert.equal(shaman.unverified.has(published.digest), durability === 'none')
    assert.ok(shaman.unverified.has(good.digest))
    const files = [uploadFile('good', good), uploadFile('torn', torn)]
    await assert.rejects(farm.client.checkout({ files, path: 'shot' }), (error) =>
      isCode(error, 'CHECKOUT_INCOMPLETE'),
    )
    assert.deepEqual(
      (await shaman.quarantine.list()).map(([digest]) => digest),
      [torn.digest],
    )
    assert.equal(shaman.unverified.has(good.digest), false, 'a blob is read once')
    const { receipt } = await farm.client.submit({ files, checkoutPath: 'shot' })
    assert.equal(receipt.uploadedFiles, 1)
    assert.deepEqual(await readFile(join(shaman.jobsDir, 'shot/torn')), torn.bytes)
  })
}

test('a file that somebody else put in the place of an upload is read before it is vouched for', async (t) => {
  const farm = await startTestFarm(t)
  const { shaman, client } = farm
  const [good, torn] = [randomBlob(5000), randomBlob(6000)]
  const before = (await shaman.stats()).blobs
  for (const blob of [good, torn]) {
    const path = shaman.layout.blob(blob.digest)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, blob.bytes)
    if (blob === torn) await tear(path, blob)
    assert.equal(await shaman.blobs.putBytes(blob.digest, blob.bytes), 'already-stored')
  }
  assert.equal((await shaman.stats()).blobs, before + 2)
  const files = [uploadFile('good', good), uploadFile('torn', torn)]
  await assert.rejects(client.checkout({ files, path: 'shot' }), (error) =>
    isCode(error, 'CHECKOUT_INCOMPLETE'),
  )
  const { receipt } = await client.submit({ files, checkoutPath: 'shot' })
  assert.equal(receipt.uploadedFiles, 1)
  assert.deepEqual(await readFile(join(shaman.jobsDir, 'shot/torn')), torn.bytes)
})

test('after a stop in order what came with durability batch counts as durable, and with full at once', async (t) => {
  const dir = await tempDir(t)
  const options = { root: join(dir, 'root'), stateDir: join(dir, 'state'), reserveBytes: 0 }
  const blob = randomBlob(5000)
  const open = (durability: Durability): Promise<Shaman> => openShaman({ ...options, durability })
  const first = await open('batch')
  await putBlob(first, blob)
  assert.deepEqual([verifiedAt(first, blob), first.unverified.has(blob.digest)], [0, false])
  await first.close()
  const second = await open('full')
  t.after(() => second.close())
  assert.equal(second.unverified.has(blob.digest), false)
  assert.ok(verifiedAt(second, blob)! > 0)
})

test('a torn blob that Flamenco left is replaced by an upload of the same file, and a good one is not', async (t) => {
  const dir = await tempDir(t)
  const root = join(dir, 'root')
  const [good, torn] = [randomBlob(5000), randomBlob(6000)]
  const paths = [good, torn].map(({ digest }) => layoutOf(root, newestLayout).blob(digest))
  for (const path of paths) await mkdir(dirname(path), { recursive: true })
  await writeFile(paths[0]!, good.bytes)
  await writeFile(paths[1]!, Buffer.alloc(torn.bytes.length))
  const { shaman, url } = await startTestFarm(t, { root, stateDir: join(dir, 'state') })
  await shaman.ready

  assert.equal(shaman.negotiator.status(torn.digest), 'stored')
  const statuses = []
  for (const blob of [good, torn]) {
    statuses.push((await ask('POST', fileUrl(url, blob), { body: blob.bytes })).status)
  }
  assert.deepEqual(statuses, [208, 204])
  assert.deepEqual(await readFile(paths[1]!), torn.bytes)
})

test('a scrub begins with what is unverified, after which everything is verified', async (t) => {
  const dir = await tempDir(t)
  const root = join(dir, 'root')
  const blobs = [randomBlob(500), randomBlob(600), randomBlob(700)]
  const stateDir = join(dir, 'state')
  const first = await openShaman({ root, stateDir, reserveBytes: 0, durability: 'none' })
  for (const blob of blobs) await putBlob(first, blob)
  await first.close()
  await tear(layoutOf(root, newestLayout).blob(blobs[1]!.digest), blobs[1]!)
  const shaman = await openTestShaman(t, { root, stateDir })
  await putBlob(shaman, randomBlob(800))
  const examined: number[] = []
  const scrubber = createScrubber({
    ...shaman,
    examine: async ({ size }) => examined.push(size) > 0,
    isBusy: () => false,
  })
  await scrubber.start()
  const { damaged } = await scrubber.finished()
  assert.equal(damaged, 1, 'found before the pass over all blobs, which here finds nothing')
  assert.equal(shaman.index.unverified(), 0)
  assert.ok(examined.includes(800))
})

test('while uploads run a scrub pauses between pieces', async (t) => {
  const shaman = await openTestShaman(t)
  const blob = randomBlob(6 << 20)
  await shaman.blobs.put(blob.digest, [blob.bytes] as unknown as AsyncIterable<Uint8Array>)
  const upload = shaman.inFlight.begin(randomBlob(1).digest)
  let waits = 0
  const scrubber = createScrubber({
    ...shaman,
    isBusy: () => shaman.inFlight.count() > 0,
    async wait() {
      waits += 1
      if (waits === 3) upload.end('failed')
    },
  })
  await scrubber.start()
  await scrubber.finished()
  assert.equal(waits, 3)
})

test('a scrub keeps the last use of a blob that is used meanwhile, and tells the index of none that was collected', async (t) => {
  const shaman = await openTestShaman(t)
  const [used, collected] = [randomBlob(3000), randomBlob(4000)]
  for (const blob of [used, collected]) await putBlob(shaman, blob)
  const lastUse = 4_000_000_000
  const scrubber = createScrubber({
    ...shaman,
    isBusy: () => true,
    async wait() {
      const record = shaman.index.getBlob(used.digest)!
      await shaman.index.putBlobs([[used.digest, { ...record, lastUse }]])
      await shaman.index.deleteBlobs([collected.digest])
    },
  })
  await scrubber.start()
  await scrubber.finished()
  assert.equal(shaman.index.getBlob(used.digest)?.lastUse, lastUse)
  assert.equal(shaman.index.getBlob(collected.digest), undefined)
})
