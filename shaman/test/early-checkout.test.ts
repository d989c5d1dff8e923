import assert from 'node:assert/strict'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createClaims } from '../src/claims.ts'
import { encodeDigests } from '../src/client/digest-list.ts'
import { createShamanClient } from '../src/client/main.ts'
import { digestOf } from '../src/digest.ts'
import type { ShamanError } from '../src/errors.ts'
import { digestListType } from '../src/wire.ts'
import {
  blobOf,
  randomBlob,
  startTestFarm,
  type TestBlob,
  type TestFarm,
  uploadFile,
} from './support/farm.ts'
import { sleep, until } from './support/http.ts'
import { startWay } from './support/way.ts'

test('a submission asks for its checkout before it hears that all has arrived', async (t) => {
  const farm = await startTestFarm(t)
  const asked = Promise.withResolvers<void>()
  const url = await startWay(t, farm.server.url, (request) => {
    if (request.url!.endsWith('/checkout/create')) asked.resolve()
    // Nothing is told of the batch until then.
    return request.url!.includes('/x/blobs?') ? asked.promise : undefined
  })
  const client = createShamanClient({ url })
  t.after(() => client.close())
  const files = Array.from({ length: 600 }, (_, i) =>
    uploadFile(`tex/${i}`, blobOf(`content ${i}`)),
  )
  const { checkoutPath, receipt } = await client.submit({ files, checkoutPath: 'job' })
  assert.equal(receipt.uploadedFiles, 600)
  const jobs = join(farm.shaman.jobsDir, checkoutPath)
  assert.equal(await readFile(join(jobs, 'tex/599'), 'utf8'), 'content 599')
})

test('a checkout waits for what its sender has claimed, and for nobody else', async (t) => {
  const farm = await startTestFarm(t)
  const blob = randomBlob(5000)
  await claim(farm, 'me', blob)
  assert.equal((await askCheckout(farm, blob, 'another')).status, 424)
  assert.equal((await askCheckout(farm, blob)).status, 424)
  let answered = false
  const made = askCheckout(farm, blob, 'me').finally(() => {
    answered = true
  })
  await sleep(100)
  assert.equal(answered, false)
  await farm.shaman.blobs.putBytes(blob.digest, blob.bytes)
  assert.equal((await made).status, 200)
})

test('a checkout that waits for its sender fails when something else of it has gone', async (t) => {
  const farm = await startTestFarm(t)
  const [coming, gone] = [randomBlob(5000), randomBlob(6000)]
  await farm.shaman.blobs.putBytes(gone.digest, gone.bytes)
  await rm(farm.shaman.layout.blob(gone.digest))
  await claim(farm, 'me', coming)
  const making = farm.shaman.checkouts.create({
    path: 'job',
    sender: 'me',
    files: [coming, gone].map(({ digest }, i) => ({ ...digest, path: `file ${i}` })),
  })
  await farm.shaman.blobs.putBytes(coming.digest, coming.bytes)
  await assert.rejects(making, (error: ShamanError) => {
    assert.deepEqual(error.detail.missing, [gone.digest])
    return error.code === 'CHECKOUT_INCOMPLETE'
  })
  assert.deepEqual(await readdir(farm.shaman.jobsDir), [])
})

test('a checkout whose sender gives up fails and leaves nothing', async (t) => {
  const farm = await startTestFarm(t)
  const blob = randomBlob(5000)
  await claim(farm, 'me', blob)
  const made = askCheckout(farm, blob, 'me')
  await until(async () => (await readdir(farm.shaman.jobsDir)).length > 0)
  await fetch(`${farm.url}/x/claims/me`, { method: 'DELETE' })
  assert.equal((await made).status, 424)
  assert.deepEqual(await readdir(farm.shaman.jobsDir), [])
})

test('a submission of a file that changed meanwhile fails, and makes no checkout', async (t) => {
  const { client, shaman } = await startTestFarm(t)
  const changed = {
    ...uploadFile('b', blobOf('as it is now')),
    digest: digestOf(Buffer.from('as it was!!!')),
  }
  const files = [uploadFile('a', blobOf('a')), changed]
  await assert.rejects(client.submit({ files, checkoutPath: 'job' }), { code: 'FILE_CHANGED' })
  await until(async () => (await readdir(shaman.jobsDir)).length === 0)
  assert.deepEqual(shaman.checkouts.list(), [])
})

test('claims end for who waits for them when all is stored, given up or silent, or after the time', async () => {
  let time = 0
  const claims = createClaims({ now: () => time })
  const [one, two] = [randomBlob(1).digest, randomBlob(2).digest]
  await claims.settled('nobody', 60_000)
  for (const end of ['stored', 'given up', 'silent', 'time'] as const) {
    claims.claim('me', one)
    claims.claim('me', two)
    let isOver = false
    const over = claims.settled('me', end === 'time' ? 50 : 60_000).then(() => {
      isOver = true
    })
    claims.settle([one])
    await sleep(20)
    assert.equal(isOver, false, end)
    if (end === 'stored') claims.settle([two])
    if (end === 'given up') claims.release('me')
    if (end === 'silent') time += 7000
    await over
    claims.release('me')
  }
})

async function claim({ url }: TestFarm, client: string, { digest }: TestBlob): Promise<void> {
  const answer = await fetch(`${url}/x/requirements`, {
    method: 'POST',
    headers: { 'content-type': digestListType, 'x-shaman-client': client },
    body: encodeDigests([digest]),
  })
  assert.equal(answer.status, 200)
}

function askCheckout({ url }: TestFarm, { digest }: TestBlob, sender?: string): Promise<Response> {
  return fetch(`${url}/checkout/create`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(sender !== undefined && { 'x-shaman-client': sender }),
    },
    body: JSON.stringify({ checkoutPath: 'job', files: [{ path: 'a.vdb', ...digest }] }),
  })
}
