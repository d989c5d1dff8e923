import assert from 'node:assert/strict'
import { lstat, mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { pack } from 'tar-stream'
import { encodeTarHeader } from '../src/tar/header.ts'
import { blobOf, putBlob, randomBlob, readAll, startTestFarm, tempDir } from './support/farm.ts'
import { ask, askJson, fileUrl, openRequest, sleep, until } from './support/http.ts'

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

test('a million digests in one list are refused before they are looked at', async (t) => {
  const { url } = await startTestFarm(t)
  const headers = { 'content-type': 'application/vnd.shaman.digests' }
  const body = Buffer.alloc(1_000_000 * 40)
  for (const route of ['x/requirements', 'x/blobs/get']) {
    const answer = await ask('POST', `${url}/${route}`, { headers, body }).catch((e: Error) => e)
    if (!(answer instanceof Error)) assert.equal(answer.status, 413, route)
  }
  assert.equal((await ask('GET', `${url}/x/stats`)).status, 200)
})

test('what came before the place where a tar stream breaks is stored and answered, in however few pieces it came', async (t) => {
  const { shaman, url } = await startTestFarm(t)
  const blobs = [randomBlob(300), randomBlob(700)]
  const entries = blobs.flatMap(({ digest, bytes }) => {
    const header = Buffer.alloc(512)
    encodeTarHeader({ name: `${digest.sha}/${digest.size}`, size: digest.size }, header)
    return [header, bytes, Buffer.alloc((512 - (digest.size % 512)) % 512)]
  })
  const body = Buffer.concat([...entries, Buffer.alloc(512, 'x')])
  const headers = { 'content-type': 'application/x-tar' }
  const answer = await ask('POST', `${url}/x/blobs`, { headers, body })
  const lines = answer.body
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { status?: number; error?: { code: number } })
  assert.deepEqual(
    lines.map(({ status, error }) => status ?? error?.code),
    [201, 201, 400],
  )
  for (const { digest } of blobs) assert.ok(shaman.blobs.isStored(digest))
})

test('tar entries with names that lead elsewhere, or that are no files, are a 400 each and write nothing', async (t) => {
  const { shaman, url } = await startTestFarm(t)
  const { digest } = blobOf('')
  const name = `${digest.sha}/0`
  const tar = pack()
  for (const bad of ['../../jobs/x', '/etc/passwd', `../${name}`, `${name}/..`, 'x'.repeat(99)]) {
    tar.entry({ name: bad }, 'x')
  }
  tar.entry({ name, type: 'symlink', linkname: '/etc/passwd' })
  tar.entry({ name, type: 'directory' })
  tar.finalize()
  const headers = { 'content-type': 'application/x-tar' }
  const answer = await ask('POST', `${url}/x/blobs`, { headers, body: await readAll(tar) })
  const lines = answer.body.toString().trim().split('\n')
  assert.deepEqual(
    lines.slice(0, -1).map((line) => (JSON.parse(line) as { status: number }).status),
    Array(7).fill(400),
  )
  assert.equal((await shaman.stats()).blobs, 0)
  assert.deepEqual(await readdir(shaman.jobsDir), [])
})

test('a connection that stands still is closed, whatever it was sending, and leaves only what can be continued', async (t) => {
  const { shaman, url } = await startTestFarm(t, { stallMs: 150 })
  const blob = randomBlob(100_000)
  const half = blob.bytes.subarray(0, 50_000)
  const json = { 'content-type': 'application/json', 'content-length': '100000' }
  const address = `${blob.digest.sha}/${blob.digest.size}`
  const length = { 'content-length': '100000' }
  const tar = { 'content-type': 'application/x-tar', 'content-length': '200000' }
  const header = encodeTarHeader({ name: address, size: 100_000 })
  const patch = { 'upload-offset': '0', ...length }
  const halfOpen = [
    openRequest(`${url}/checkout/requirements`, json),
    openRequest(`${url}/checkout/create`, json),
    openRequest(`${url}/files/${address}`, length),
    openRequest(`${url}/x/blobs`, tar),
    openRequest(`${url}/x/uploads/${address}/me`, patch, 'PATCH'),
  ]
  const said = ['{"files":[', '{"files":[', half, Buffer.concat([header, half]), half]
  await Promise.all(halfOpen.map((one, i) => one.write(Buffer.from(said[i]!))))
  for (const [i, { answer }] of halfOpen.entries()) {
    assert.match(await answer, /^$|^HTTP\/1.1 400/, `number ${i}`)
  }
  await until(() => shaman.inFlight.count() === 0)
  assert.deepEqual(await readdir(shaman.blobs.tempDir), [])
  const { headers } = await ask('HEAD', `${url}/x/uploads/${address}/me`)
  assert.equal(headers['upload-offset'], '50000')
})

test('a body that comes slowly, but comes, is not closed', async (t) => {
  const { url } = await startTestFarm(t, { stallMs: 800 })
  const blob = randomBlob(10)
  const request = openRequest(fileUrl(url, blob), { 'content-length': '10' })
  const json = openRequest(`${url}/checkout/requirements`, {
    'content-type': 'application/json',
    'content-length': '12',
  })
  const text = Buffer.from('{"files":[]}')
  for (let i = 0; i < 12; i += 1) {
    if (i < 10) await request.write(blob.bytes.subarray(i, i + 1))
    await json.write(text.subarray(i, i + 1))
    await sleep(100)
  }
  assert.match(await request.answer, /^HTTP\/1.1 204/)
  assert.match(await json.answer, /^HTTP\/1.1 200/)
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
  await mkdir(shaman.layout.dirOf(blob.digest), { recursive: true })
  await symlink(join(dir, 'outside'), shaman.layout.blob(blob.digest))
  assert.deepEqual((await ask('GET', fileUrl(url, blob))).json(), { status: 'unknown' })
  assert.equal((await ask('GET', `${url}/x/blobs/${blob.digest.sha}/6`)).status, 404)
  assert.equal((await ask('POST', fileUrl(url, blob), { body: 'secret' })).status, 204)
  assert.ok((await lstat(shaman.layout.blob(blob.digest))).isFile())
})

test('a torn blob of the right name counts as missing and is replaced', async (t) => {
  const { shaman, url } = await startTestFarm(t)
  const blob = randomBlob(1000)
  await mkdir(shaman.layout.dirOf(blob.digest), { recursive: true })
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
