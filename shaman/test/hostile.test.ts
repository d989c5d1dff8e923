import assert from 'node:assert/strict'
import { lstat, mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { blobOf, putBlob, randomBlob, startTestFarm, tempDir } from './support/farm.ts'
import { ask, askJson, fileUrl, openRequest, until } from './support/http.ts'

const badFilePaths = [
  '',
  '/etc/passwd',
  '../up',
  'a/../../up',
  'a/./b',
  'a//b',
  'a/',
  'C:/windows',
  'c:x',
  'a\\b',
  'nul',
  'tex/AUX.png',
  'com1.blend',
  'a\0b',
  'line\nbreak',
  `${'x'.repeat(256)}`,
  `${'ü'.repeat(128)}`,
  'a/'.repeat(2050),
  '\ud800',
]

const badCheckoutPaths = [
  '',
  '/',
  '..',
  '.',
  '../jobs',
  'a/..',
  '/abs',
  'a//b',
  'a\\b',
  'C:',
  'a?b',
  'a\0',
  '.staging-x',
  'a/.staging-1/b',
]

test('a path that leads out of the checkout, or that some platform cannot create, is a 400 and changes nothing', async (t) => {
  const { shaman, url } = await startTestFarm(t)
  const blob = blobOf('x')
  await putBlob(shaman, blob)
  for (const path of badFilePaths) {
    const body = { files: [{ ...blob.digest, path }], checkoutPath: 'job' }
    const answer = await askJson('POST', `${url}/checkout/create`, body)
    assert.equal(answer.status, 400, `file path ${JSON.stringify(path)}`)
  }
  for (const checkoutPath of badCheckoutPaths) {
    const body = { files: [{ ...blob.digest, path: 'a' }], checkoutPath }
    const answer = await askJson('POST', `${url}/checkout/create`, body)
    assert.equal(answer.status, 400, `checkout path ${JSON.stringify(checkoutPath)}`)
  }
  assert.deepEqual(await readdir(shaman.jobsDir), [])
})

test('paths that collide where case or Unicode form do not count are a 400', async (t) => {
  const { shaman, url } = await startTestFarm(t)
  const [a, b] = [blobOf('a'), blobOf('b')]
  for (const blob of [a, b]) await putBlob(shaman, blob)
  for (const [one, two] of [
    ['Tex.png', 'tex.png'],
    ['é', 'e\u0301'],
    ['a', 'a/b'],
    ['same', 'same'],
  ] as const) {
    const files = [
      { ...a.digest, path: one },
      { ...b.digest, path: two },
    ]
    const answer = await askJson('POST', `${url}/checkout/create`, { files, checkoutPath: 'c' })
    assert.equal(answer.status, 400, `${one} and ${two}`)
  }
})

test('deleting a checkout cannot reach anything else', async (t) => {
  const { shaman, url } = await startTestFarm(t)
  await mkdir(join(shaman.jobsDir, 'show/shot'), { recursive: true })
  await putBlob(shaman, blobOf('x'))
  await shaman.checkouts.create({ path: 'show/a', files: [{ ...blobOf('x').digest, path: 'f' }] })
  for (const path of ['..', '.', '../file-store', 'show/..', 'show', 'show/a/f', '%2e%2e']) {
    const answer = await ask('DELETE', `${url}/x/checkouts/${encodeURIComponent(path)}`)
    assert.ok([400, 404].includes(answer.status), `${path}: ${answer.status}`)
  }
  assert.ok((await lstat(join(shaman.jobsDir, 'show/a/f'))).isSymbolicLink())
})

test('checksums and sizes that are none are a 400', async (t) => {
  const { url } = await startTestFarm(t)
  const sha = 'a'.repeat(64)
  for (const [checksum, size] of [
    ['x', '1'],
    ['..%2f..%2f..%2fetc', '1'],
    [sha.toUpperCase(), '1'],
    [sha, '-1'],
    [sha, '1.5'],
    [sha, '99999999999999999999'],
    [`${sha}0`, '1'],
  ]) {
    for (const method of ['GET', 'POST']) {
      const answer = await ask(method, `${url}/files/${checksum}/${size}`)
      assert.equal(answer.status, 400, `${method} ${checksum} ${size}`)
    }
  }
  const files = [{ sha: 'short', size: 1, path: 'a' }]
  assert.equal((await askJson('POST', `${url}/checkout/requirements`, { files })).status, 400)
})

test('a million files in one request are refused before they are looked at', async (t) => {
  const { url } = await startTestFarm(t)
  const entry = JSON.stringify({ ...blobOf('x').digest, path: 'a' })
  const body = `{"files":[${`${entry},`.repeat(1_000_000)}${entry}]}`
  const headers = { 'content-type': 'application/json' }
  const answer = await ask('POST', `${url}/checkout/requirements`, { headers, body }).catch(
    (error: Error) => error,
  )
  // The server may close the connection on us in mid-body, which is a refusal too.
  if (!(answer instanceof Error)) assert.equal(answer.status, 413)
  assert.equal((await ask('GET', `${url}/x/stats`)).status, 200)
})

test('a digest list of no whole records is a 400', async (t) => {
  const { url } = await startTestFarm(t)
  const headers = { 'content-type': 'application/vnd.shaman.digests' }
  const answer = await ask('POST', `${url}/x/requirements`, { headers, body: Buffer.alloc(41) })
  assert.equal(answer.status, 400)
})

test('bodies that are not what they say are a 4xx', async (t) => {
  const { url } = await startTestFarm(t)
  for (const body of ['', '{', '[]', '{"files":1}', '{"files":[1]}', 'null']) {
    const headers = { 'content-type': 'application/json' }
    const answer = await ask('POST', `${url}/checkout/requirements`, { headers, body })
    assert.equal(answer.status, 400, body)
  }
  const form = { 'content-type': 'multipart/form-data; boundary=x' }
  assert.equal((await ask('POST', `${url}/x/form`, { headers: form, body: 'no form' })).status, 400)
  assert.equal(
    (await ask('POST', `${url}/x/form`, { headers: { 'content-type': 'text/plain' }, body: 'x' }))
      .status,
    400,
  )
})

test('a link planted in the store in place of a blob is not taken for one', async (t) => {
  const { shaman, url } = await startTestFarm(t)
  const dir = await tempDir(t)
  const blob = blobOf('secret')
  await writeFile(join(dir, 'outside'), 'secret')
  await mkdir(shaman.layout.blobDir(blob.digest), { recursive: true })
  await symlink(join(dir, 'outside'), shaman.layout.blob(blob.digest))
  assert.deepEqual((await ask('GET', fileUrl(url, blob))).json(), { status: 'unknown' })
  assert.equal((await ask('GET', `${url}/x/blobs/${blob.digest.sha}/6`)).status, 404)
  assert.equal((await ask('POST', fileUrl(url, blob), { body: 'secret' })).status, 204)
  assert.ok((await lstat(shaman.layout.blob(blob.digest))).isFile())
})

test('a torn blob of the right name counts as missing and is replaced', async (t) => {
  const { shaman, url } = await startTestFarm(t)
  const blob = randomBlob(1000)
  await mkdir(shaman.layout.blobDir(blob.digest), { recursive: true })
  await writeFile(shaman.layout.blob(blob.digest), '')
  assert.deepEqual((await ask('GET', fileUrl(url, blob))).json(), { status: 'unknown' })
  assert.equal((await ask('POST', fileUrl(url, blob), { body: blob.bytes })).status, 204)
  assert.deepEqual((await ask('GET', fileUrl(url, blob))).json(), { status: 'stored' })
})

test('a connection that breaks in mid-body leaves no trace', async (t) => {
  const { shaman, url } = await startTestFarm(t)
  const blob = randomBlob(100_000)
  const request = openRequest(fileUrl(url, blob), { 'content-length': '100000' })
  await request.write(blob.bytes.subarray(0, 70_000))
  await until(() => shaman.inFlight.isRunning(blob.digest))
  request.close()
  await until(async () => !shaman.inFlight.isRunning(blob.digest))
  assert.deepEqual(await readdir(shaman.blobs.tempDir), [])
  assert.equal(shaman.blobs.isStored(blob.digest), false)
})
