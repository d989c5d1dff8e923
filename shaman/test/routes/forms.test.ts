import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { type TestContext, test } from 'node:test'
import type { Shaman } from '../../src/shaman.ts'
import { blobOf, randomBlob, startTestFarm, type TestBlob } from '../support/farm.ts'
import { type Answer, ask, openRequest, until } from '../support/http.ts'

const boundary = 'a-boundary'
const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` }

test('a form that ends within a part is a 400, and stores no part of it but what had come whole', async (t) => {
  const { shaman, send } = await start(t)
  const [whole, torn] = [randomBlob(10_000), randomBlob(300_000)]
  const body = Buffer.concat([partOf(whole), partOf(torn).subarray(0, 200_000)])
  const answer = await send(body)
  assert.equal(answer.status, 400)
  assert.equal(answer.json().error_code, 'REQUEST_INVALID')
  assert.match(String(answer.json().message), /the form is malformed: .*end/i)
  await nothingUnfinished(shaman)
  assert.equal(shaman.blobs.isStored(whole.digest), true)
  assert.equal(shaman.blobs.isStored(torn.digest), false)
})

test('a form whose connection breaks within a part leaves nothing of the part', async (t) => {
  const { shaman, url } = await start(t)
  const torn = randomBlob(300_000)
  const body = partOf(torn)
  const request = openRequest(`${url}/x/form`, { ...headers, 'content-length': '400000' })
  await request.write(body.subarray(0, 200_000))
  await until(async () => (await readdir(shaman.blobs.tempDir)).length > 0)
  request.close()
  await nothingUnfinished(shaman)
  assert.equal(shaman.blobs.isStored(torn.digest), false)
})

test('parts with headers that are none are a 400', async (t) => {
  const { shaman, send } = await start(t)
  const blob = blobOf('bytes')
  const part = Buffer.from(`--${boundary}\r\nno header at all\r\n\r\nbytes\r\n`)
  for (const body of [Buffer.concat([part, end]), Buffer.from('\r\n\r\n--\r\n'), Buffer.alloc(0)]) {
    assert.equal((await send(body)).status, 400)
  }
  await nothingUnfinished(shaman)
  assert.equal(shaman.blobs.isStored(blob.digest), false)
})

test('a form of more than 2,000 parts is refused, however many follow', async (t) => {
  const { shaman, send } = await start(t)
  const blobs = Array.from({ length: 2_500 }, (_, i) => blobOf(`part ${i}`))
  const answer = await send(Buffer.concat([...blobs.map(partOf), end]))
  assert.equal(answer.status, 413)
  assert.equal(answer.json().error_code, 'TOO_LARGE')
  await nothingUnfinished(shaman)
  assert.equal(shaman.blobs.isStored(blobs[2_400]!.digest), false)
})

test('parts that are no file, or not named as a blob, fail alone', async (t) => {
  const { shaman, send } = await start(t)
  const good = randomBlob(5_000)
  const answer = await send(
    Buffer.concat([
      part('a field', Buffer.from('text'), ''),
      part('../../etc/passwd', Buffer.from('x')),
      part(`${good.digest.sha}/${good.digest.size}/more`, good.bytes),
      partOf(good),
      partOf(good),
      end,
    ]),
  )
  assert.equal(answer.status, 200)
  const files = answer.json().files as { status: number; message?: string }[]
  const statuses = files.map(({ status }) => status)
  assert.deepEqual(statuses.slice(0, 3), [400, 400, 400])
  // Whichever is durable first is the new one.
  assert.deepEqual(statuses.slice(3).toSorted(), [201, 208])
  assert.match(files[0]!.message!, /not a file/)
  await nothingUnfinished(shaman)
  assert.equal(shaman.blobs.isStored(good.digest), true)
})

const end = Buffer.from(`--${boundary}--\r\n`)

function partOf({ digest, bytes }: TestBlob): Buffer {
  return part(`${digest.sha}/${digest.size}`, bytes)
}

function part(name: string, bytes: Buffer, file = '; filename="file"'): Buffer {
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="${name}"${file}\r\n\r\n`
  return Buffer.concat([Buffer.from(head), bytes, Buffer.from('\r\n')])
}

async function start(
  t: TestContext,
): Promise<{ shaman: Shaman; url: string; send(body: Buffer): Promise<Answer> }> {
  const { shaman, url } = await startTestFarm(t)
  return { shaman, url, send: (body) => ask('POST', `${url}/x/form`, { headers, body }) }
}

async function nothingUnfinished(shaman: Shaman): Promise<void> {
  await until(async () => (await readdir(shaman.blobs.tempDir)).length === 0)
}
