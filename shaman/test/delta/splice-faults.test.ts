import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { encodeRecipe } from '../../src/delta/recipe-codec.ts'
import type { Digest } from '../../src/digest.ts'
import { openShaman } from '../../src/open-shaman.ts'
import { blobOf, putBlob, readAll, startTestFarm, tempDir } from '../support/farm.ts'
import { startServer } from '../support/kill-loop.ts'
import { fresh } from './blend-samples.ts'

const base = blobOf(fresh(3_000_000))
const tail = fresh(50_000)
const target = blobOf(Buffer.concat([base.bytes, tail]))
const otherTail = fresh(50_000)
const other = blobOf(Buffer.concat([base.bytes, otherTail]))
const head = encodeRecipe({
  size: target.digest.size,
  bases: [{ digest: base.digest }],
  ops: [
    { kind: 'copy', base: 0, offset: 0, length: base.digest.size },
    { kind: 'literal', length: tail.length },
  ],
  literalCoding: 'none',
  dictionary: [],
  frames: [],
})

test('a kill in the middle of a splice leaves nothing, and the same splice succeeds afterwards', async (t) => {
  const dir = await tempDir(t)
  const [root, stateDir] = [join(dir, 'root'), join(dir, 'state')]
  const made = await openShaman({ root, stateDir, reserveBytes: 0 })
  await putBlob(made, base)
  await made.close()

  for (const sentTail of [0, 1, 20_000, tail.length - 1]) {
    const server = await startServer(root, stateDir)
    const body = heldBody(sentTail)
    const posted = assert.rejects(post(`${server.url}/api/v3/shaman`, body.stream))
    await body.sent
    await uploadSeen(join(root, 'file-store', 'uploading'))
    server.child.kill('SIGKILL')
    await once(server.child, 'exit')
    body.release()
    await posted
  }

  const shaman = await openShaman({ root, stateDir, reserveBytes: 0 })
  assert.equal(shaman.blobs.isStored(target.digest), false)
  assert.equal(shaman.blobs.isStored(base.digest), true)
  assert.deepEqual(await filesUnder(join(root, 'file-store', 'uploading')), [])
  assert.equal((await filesUnder(join(root, 'file-store', 'blobs'))).length, 1)
  await shaman.close()

  const server = await startServer(root, stateDir)
  t.after(() => server.child.kill('SIGKILL'))
  const body = heldBody(tail.length)
  body.release()
  assert.equal((await post(`${server.url}/api/v3/shaman`, body.stream)).status, 204)
})

test('collection in the middle of a splice spares its base, and before it leaves the base within reach', async (t) => {
  let time = Date.UTC(2026, 0, 1)
  const farm = await startTestFarm(t, { durability: 'none', now: () => time })
  await putBlob(farm.shaman, base)
  const monthMs = 32 * 24 * 3600 * 1000
  time += monthMs
  const early = await farm.shaman.gc.plan()
  assert.equal(early.removed.blobs, 1)

  const body = heldBody(100)
  const posted = post(farm.url, body.stream)
  await body.sent
  while (!farm.shaman.protection.isPinned(base.digest)) await sleep(1)
  // Both a plan made before the splice began and one made during it.
  const spared = await farm.shaman.gc.apply(early.id)
  assert.deepEqual([spared.removed.blobs, spared.spared.blobs], [0, 1])
  const late = await farm.shaman.gc.plan()
  assert.equal((await farm.shaman.gc.apply(late.id)).removed.blobs, 0)
  body.release()
  assert.equal((await posted).status, 204)
  const stored = await readAll(await farm.shaman.blobs.open(target.digest))
  assert.ok(stored.equals(target.bytes))

  // In the trash it is still worth a splice: whoever needs it takes it out again.
  time += monthMs
  const all = await farm.shaman.gc.plan()
  assert.equal((await farm.shaman.gc.apply(all.id)).removed.blobs, 2)
  assert.equal(farm.shaman.blobs.isStored(base.digest), false)
  const answer = await fetch(spliceUrl(farm.url, other.digest), {
    method: 'POST',
    body: Buffer.concat([head, otherTail]),
  })
  assert.equal(answer.status, 204)
  assert.equal(farm.shaman.negotiator.status(base.digest), 'stored')
})

/** The recipe's body, which stops after some literal bytes until released. */
function heldBody(sentTail: number): {
  stream: ReadableStream
  sent: Promise<void>
  release: () => void
} {
  const sent = Promise.withResolvers<void>()
  const held = Promise.withResolvers<void>()
  async function* pieces(): AsyncGenerator<Uint8Array> {
    yield head
    if (sentTail > 0) yield tail.subarray(0, sentTail)
    sent.resolve()
    await held.promise
    if (sentTail < tail.length) yield tail.subarray(sentTail)
  }
  return { stream: ReadableStream.from(pieces()), sent: sent.promise, release: held.resolve }
}

function post(url: string, body: ReadableStream): Promise<Response> {
  return fetch(spliceUrl(url, target.digest), { method: 'POST', body, duplex: 'half' })
}

function spliceUrl(url: string, { sha, size }: Digest): string {
  return `${url}/x/splice/${sha}/${size}`
}

/** Waits until the server has begun to write the target. */
async function uploadSeen(dir: string): Promise<void> {
  for (let tries = 0; tries < 2000; tries++) {
    if ((await filesUnder(dir)).length > 0) return
    await sleep(5)
  }
  assert.fail('the server never began to write')
}

async function filesUnder(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name)
}
