import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { blobOf, putBlob, randomBlob, startTestFarm, uploadFile } from '../support/farm.ts'
import { ask, askJson, fileUrl, openRequest, sleep, until } from '../support/http.ts'

const spec = (blob: ReturnType<typeof blobOf>, path: string) => ({ ...blob.digest, path })

test('requirements tell what is missing once each, in order, with the paths as given', async (t) => {
  const { shaman, url } = await startTestFarm(t)
  const [here, a, b] = [blobOf('here'), blobOf('a'), blobOf('b')]
  await putBlob(shaman, here)
  const answer = await askJson('POST', `${url}/checkout/requirements`, {
    files: [spec(b, 'ü/b.png'), spec(here, 'h'), spec(a, 'a'), spec(b, 'again')],
  })
  assert.equal(answer.status, 200)
  assert.deepEqual(answer.json(), {
    files: [
      { ...spec(b, 'ü/b.png'), status: 'unknown' },
      { ...spec(a, 'a'), status: 'unknown' },
    ],
  })
})

test('a file is stored with 204, found with 208 and reported as stored', async (t) => {
  const { url } = await startTestFarm(t)
  const blob = randomBlob(200_000)
  assert.deepEqual((await ask('GET', fileUrl(url, blob))).json(), { status: 'unknown' })
  assert.equal((await ask('POST', fileUrl(url, blob), { body: blob.bytes })).status, 204)
  assert.deepEqual((await ask('GET', fileUrl(url, blob))).json(), { status: 'stored' })
  assert.equal((await ask('POST', fileUrl(url, blob), { body: blob.bytes })).status, 208)
})

test("the headers Blender's client sends are understood", async (t) => {
  const { url } = await startTestFarm(t)
  const blob = blobOf('font')
  const answer = await ask('POST', fileUrl(url, blob), {
    headers: {
      'content-type': 'application/octet-stream',
      accept: 'application/json',
      'x-shaman-can-defer-upload': 'True',
      'x-shaman-original-filename': '=?utf-8?q?fonts/bold_slot=2Ettf?=',
    },
    body: blob.bytes,
  })
  assert.equal(answer.status, 204)
  assert.equal(answer.body.length, 0)
})

test('a malformed original file name is a 400', async (t) => {
  const { url } = await startTestFarm(t)
  const blob = blobOf('x')
  const headers = { 'x-shaman-original-filename': '=?utf-8?q?=ZZ?=' }
  const answer = await ask('POST', fileUrl(url, blob), { headers, body: blob.bytes })
  assert.equal(answer.status, 400)
})

test('an empty file can be stored', async (t) => {
  const { url } = await startTestFarm(t)
  const blob = blobOf('')
  assert.equal((await ask('POST', fileUrl(url, blob), { body: '' })).status, 204)
  assert.deepEqual((await ask('GET', fileUrl(url, blob))).json(), { status: 'stored' })
})

test('a wrong size and a wrong checksum are 417 and store nothing', async (t) => {
  const { url } = await startTestFarm(t)
  const blob = blobOf('right')
  for (const body of ['wrong', 'much too long']) {
    const answer = await ask('POST', fileUrl(url, blob), { body })
    assert.equal(answer.status, 417)
    assert.equal(answer.json().code, 417)
  }
  assert.equal((await ask('POST', fileUrl(url, blob), { body: 'wron' })).status, 417)
  assert.deepEqual((await ask('GET', fileUrl(url, blob))).json(), { status: 'unknown' })
})

test('425 is answered only while another upload of the same file runs', async (t) => {
  const { url } = await startTestFarm(t)
  const blob = randomBlob(100_000)
  const defer = { 'x-shaman-can-defer-upload': 'true' }
  const first = openRequest(fileUrl(url, blob), { 'content-length': '100000' })
  await first.write(blob.bytes.subarray(0, 50_000))
  await until(async () => (await ask('GET', fileUrl(url, blob))).json().status === 'uploading')
  const deferred = await ask('POST', fileUrl(url, blob), { headers: defer, body: blob.bytes })
  assert.deepEqual([deferred.status, deferred.headers['retry-after']], [425, '1'])
  first.close()
  await until(async () => (await ask('GET', fileUrl(url, blob))).json().status === 'unknown')
  const second = await ask('POST', fileUrl(url, blob), { headers: defer, body: blob.bytes })
  assert.equal(second.status, 204)
})

test('a client that lost the race is told 208, and one whose rival failed stores the file', async (t) => {
  const { url } = await startTestFarm(t)
  const blob = randomBlob(100_000)
  const head = { 'content-length': '100000' }
  const slow = openRequest(fileUrl(url, blob), head)
  await slow.write(blob.bytes.subarray(0, 50_000))
  await sleep(30)
  assert.equal((await ask('POST', fileUrl(url, blob), { body: blob.bytes })).status, 204)
  assert.match(await slow.answer, /^HTTP\/1\.1 208/)
  slow.close()

  const other = randomBlob(100_000)
  const steady = openRequest(fileUrl(url, other), head)
  await steady.write(other.bytes.subarray(0, 50_000))
  const failing = await ask('POST', fileUrl(url, other), { body: randomBlob(100_000).bytes })
  assert.equal(failing.status, 417)
  await steady.write(other.bytes.subarray(50_000))
  assert.match(await steady.answer, /^HTTP\/1\.1 204/)
  steady.close()
})

test('an upload that is already there is answered before its body, without a reset', async (t) => {
  const { shaman, url } = await startTestFarm(t)
  const blob = randomBlob(3_000_000)
  await putBlob(shaman, blob)
  const request = openRequest(fileUrl(url, blob), { 'content-length': '3000000' })
  assert.match(await request.answer, /^HTTP\/1\.1 208/)
  await request.write(blob.bytes.subarray(0, 1_000_000))
  request.close()
})

test('a checkout waits for an upload in flight before it answers', async (t) => {
  const { shaman, url } = await startTestFarm(t)
  const blob = randomBlob(100_000)
  const upload = openRequest(fileUrl(url, blob), { 'content-length': '100000' })
  await upload.write(blob.bytes.subarray(0, 50_000))
  await until(() => shaman.inFlight.isRunning(blob.digest))
  const creating = askJson('POST', `${url}/checkout/create`, {
    files: [spec(blob, 'a.bin')],
    checkoutPath: 'waits',
  })
  await sleep(50)
  await upload.write(blob.bytes.subarray(50_000))
  const answer = await creating
  assert.deepEqual([answer.status, answer.json()], [200, { checkoutPath: 'waits' }])
  assert.deepEqual(await readFile(join(shaman.jobsDir, 'waits/a.bin')), blob.bytes)
})

test('a checkout of files that are not there is a 424', async (t) => {
  const { url } = await startTestFarm(t)
  const answer = await askJson('POST', `${url}/checkout/create`, {
    files: [spec(blobOf('nowhere'), 'a')],
    checkoutPath: 'x',
  })
  assert.equal(answer.status, 424)
  assert.equal(answer.json().error_code, 'CHECKOUT_INCOMPLETE')
})

test('a full volume is a 507 for uploads while reads go on', async (t) => {
  const { shaman, url } = await startTestFarm(t, { quotaBytes: 1000 })
  const small = randomBlob(900)
  assert.equal((await ask('POST', fileUrl(url, small), { body: small.bytes })).status, 204)
  const more = randomBlob(200)
  assert.equal((await ask('POST', fileUrl(url, more), { body: more.bytes })).status, 507)
  assert.deepEqual((await ask('GET', fileUrl(url, small))).json(), { status: 'stored' })
  const made = await askJson('POST', `${url}/checkout/create`, {
    files: [spec(small, 'a')],
    checkoutPath: 'job',
  })
  assert.equal(made.status, 200)
  assert.equal((await shaman.stats()).blobs, 1)
})

test('when all places are taken an upload is answered 503 with the time to wait, and our client waits', async (t) => {
  const { shaman, url, client } = await startTestFarm(t, { mostUploads: 1 })
  const [slow, other, large] = [randomBlob(100_000), randomBlob(50), randomBlob(5_000_000)]
  const first = openRequest(fileUrl(url, slow), { 'content-length': '100000' })
  await first.write(slow.bytes.subarray(0, 50_000))
  await until(() => shaman.inFlight.count() === 1)
  const refused = await ask('POST', fileUrl(url, other), { body: other.bytes })
  assert.deepEqual([refused.status, refused.headers['retry-after']], [503, '1'])
  assert.equal(refused.json().error_code, 'STORE_BUSY')
  const uploading = client.upload({ files: [uploadFile('large', large)] })
  await first.write(slow.bytes.subarray(50_000))
  assert.match(await first.answer, / 204 /)
  assert.equal((await uploading).uploadedFiles, 1)
})
