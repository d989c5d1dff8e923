import assert from 'node:assert/strict'
import { test } from 'node:test'
import { extract, pack } from 'tar-stream'
import { digestBytes, writeDigest } from '../../src/digest.ts'
import type { BatchLine } from '../../src/schemas.ts'
import { encodeTarHeader } from '../../src/tar/header.ts'
import {
  blobOf,
  putBlob,
  randomBlob,
  readAll,
  startTestFarm,
  type TestBlob,
} from '../support/farm.ts'
import { type Answer, ask, askJson, fileUrl, openRequest, until } from '../support/http.ts'

const tarType = { 'content-type': 'application/x-tar' }
const listType = { 'content-type': 'application/vnd.shaman.digests' }

function digestList(blobs: readonly TestBlob[]): Buffer {
  const list = Buffer.alloc(blobs.length * digestBytes)
  for (const [i, blob] of blobs.entries()) writeDigest(list, i * digestBytes, blob.digest)
  return list
}

async function tarOf(entries: readonly { name: string; bytes: Buffer }[]): Promise<Buffer> {
  const tar = pack()
  for (const { name, bytes } of entries) tar.entry({ name }, bytes)
  tar.finalize()
  return readAll(tar)
}

const nameOf = ({ digest }: TestBlob): string => `${digest.sha}/${digest.size}`
const linesOf = (answer: Answer): BatchLine[] =>
  answer.body
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as BatchLine)

test('capabilities tell limits, durability and lease', async (t) => {
  const { url } = await startTestFarm(t)
  const facts = (await ask('GET', `${url}/x/capabilities`)).json()
  assert.equal(facts.durability, 'full')
  assert.equal(facts.leaseSeconds, 7200)
  assert.ok((facts.features as string[]).includes('tar-batch'))
})

test('a digest list is answered with a byte each, and claims keep others from sending the same', async (t) => {
  const { shaman, url } = await startTestFarm(t)
  const [here, missing] = [blobOf('here'), blobOf('missing')]
  await putBlob(shaman, here)
  const askFor = (client: string) =>
    ask('POST', `${url}/x/requirements`, {
      headers: { ...listType, 'x-shaman-client': client },
      body: digestList([here, missing]),
    })
  assert.deepEqual([...(await askFor('one')).body], [2, 0])
  assert.deepEqual([...(await askFor('two')).body], [2, 1])
  assert.deepEqual([...(await askFor('one')).body], [2, 0])
})

test('a long digest list is answered in pieces, in its order', async (t) => {
  const { shaman, url } = await startTestFarm(t)
  const blobs = Array.from({ length: 2500 }, (_, i) => blobOf(`blob ${i}`))
  await shaman.blobs.putAll(blobs.filter((_, i) => i % 3 === 0))
  const { body, headers } = await ask('POST', `${url}/x/requirements`, {
    headers: { ...listType, 'x-shaman-client': 'one' },
    body: digestList(blobs),
  })
  assert.equal(headers['transfer-encoding'], 'chunked')
  assert.deepEqual(
    [...body],
    blobs.map((_, i) => (i % 3 === 0 ? 2 : 0)),
  )
})

test('a tar batch of another program stores every file, and a bad entry harms no neighbour', async (t) => {
  const { shaman, url } = await startTestFarm(t)
  const good = Array.from({ length: 30 }, (_, i) => randomBlob(i * 100))
  const entries = good.map((blob) => ({ name: nameOf(blob), bytes: blob.bytes }))
  const wrong = blobOf('expected')
  entries.splice(3, 0, { name: nameOf(wrong), bytes: Buffer.from('received') })
  entries.splice(5, 0, { name: '../../etc/passwd', bytes: Buffer.from('x') })
  entries.splice(7, 0, { name: nameOf(blobOf('12345')), bytes: Buffer.from('1234') })
  const answer = await ask('POST', `${url}/x/blobs`, {
    headers: tarType,
    body: await tarOf(entries),
  })
  assert.equal(answer.status, 200)
  const lines = linesOf(answer)
  assert.deepEqual(lines.at(-1), { durable: true, count: entries.length })
  const refused = lines.filter((line) => 'name' in line)
  assert.deepEqual(refused.map((line) => line.status).sort(), [400, 417, 417])
  for (const blob of good) assert.ok(shaman.blobs.isStored(blob.digest))
  const again = await ask('POST', `${url}/x/blobs`, {
    headers: tarType,
    body: await tarOf(entries),
  })
  const present = linesOf(again).filter((line) => 'sha' in line && line.status === 208)
  assert.equal(present.length, good.length)
})

test('a brief answer to a batch tells of stored entries by their places, and of refused ones by name', async (t) => {
  const { url } = await startTestFarm(t)
  const blobs = Array.from({ length: 60 }, (_, i) => randomBlob(3000 + i))
  const entries = blobs.map((blob) => ({ name: nameOf(blob), bytes: blob.bytes }))
  const post = async (sent: typeof entries): Promise<BatchLine[]> =>
    linesOf(
      await ask('POST', `${url}/x/blobs?brief=true`, {
        headers: tarType,
        body: await tarOf(sent),
      }),
    )
  await post(entries.slice(10, 20))
  entries[30]!.bytes = randomBlob(entries[30]!.bytes.length).bytes
  const lines = await post(entries)
  const statuses: (number | undefined)[] = Array.from({ length: 60 })
  for (const line of lines) {
    if ('first' in line) statuses.fill(line.status, line.first, line.first + line.count)
    else if ('name' in line) assert.deepEqual([line.name, line.status], [entries[30]!.name, 417])
    else assert.deepEqual(line, { durable: true, count: 60 })
  }
  const expected = entries.map((_, i) => {
    if (i === 30) return undefined
    return i >= 10 && i < 20 ? 208 : 201
  })
  assert.deepEqual(statuses, expected)
  assert.ok(lines.length < 20, `${lines.length} lines`)
})

test('a large entry of a batch is skipped with 413', async (t) => {
  const { shaman, url } = await startTestFarm(t)
  const [large, small] = [randomBlob(5_000_000), randomBlob(10)]
  const body = await tarOf(
    [large, small].map((blob) => ({ name: nameOf(blob), bytes: blob.bytes })),
  )
  const lines = linesOf(await ask('POST', `${url}/x/blobs`, { headers: tarType, body }))
  assert.equal((lines[0] as { status: number }).status, 413)
  assert.ok(shaman.blobs.isStored(small.digest))
})

test('a tar stream that is none is a 400, one that is cut off keeps what came before', async (t) => {
  const { shaman, url } = await startTestFarm(t)
  const garbage = await ask('POST', `${url}/x/blobs`, {
    headers: tarType,
    body: Buffer.alloc(2048, 7),
  })
  assert.equal(garbage.status, 400)
  const blob = randomBlob(1000)
  const cut = Buffer.concat([
    encodeTarHeader({ name: nameOf(blob), size: 1000 }),
    blob.bytes,
    Buffer.alloc(24),
  ])
  const answer = await ask('POST', `${url}/x/blobs`, { headers: tarType, body: cut })
  assert.ok(linesOf(answer).some((line) => 'error' in line && line.error.code === 400))
  assert.ok(shaman.blobs.isStored(blob.digest))
})

test('an upload continues where it stopped', async (t) => {
  const { shaman, url } = await startTestFarm(t)
  const blob = randomBlob(3_000_000)
  const upload = `${url}/x/uploads/${nameOf(blob)}/me`
  const patch = (offset: number, body: Buffer) =>
    ask('PATCH', upload, { headers: { 'upload-offset': String(offset) }, body })
  const partial = openRequest(
    upload,
    { 'upload-offset': '0', 'content-length': '3000000' },
    'PATCH',
  )
  await partial.write(blob.bytes.subarray(0, 1_000_000))
  await until(() => shaman.inFlight.isRunning(blob.digest))
  partial.close()
  await until(() => !shaman.inFlight.isRunning(blob.digest))
  const offset = Number((await ask('HEAD', upload)).headers['upload-offset'])
  assert.ok(offset > 0 && offset <= 1_000_000, `${offset} bytes were kept`)

  const conflict = await patch(offset + 1, blob.bytes.subarray(offset + 1))
  assert.deepEqual([conflict.status, conflict.headers['upload-offset']], [409, String(offset)])
  const middle = await patch(offset, blob.bytes.subarray(offset, 2_000_000))
  assert.deepEqual([middle.status, middle.headers['upload-offset']], [204, '2000000'])
  const done = await patch(2_000_000, blob.bytes.subarray(2_000_000))
  assert.deepEqual([done.status, done.headers['upload-complete']], [201, '?1'])
  assert.deepEqual(await readAll(await shaman.blobs.open(blob.digest)), blob.bytes)
  assert.equal((await patch(0, blob.bytes)).status, 208)
})

test('an unfinished upload that nobody continued is swept away, and begins anew when somebody does', async (t) => {
  let time = Date.now()
  const { shaman, url } = await startTestFarm(t, { now: () => time })
  const blob = randomBlob(3000)
  const address = `${url}/x/uploads/${nameOf(blob)}/me`
  const send = (from: number, to: number): Promise<Answer> =>
    ask('PATCH', address, {
      headers: { 'upload-offset': String(from) },
      body: blob.bytes.subarray(from, to),
    })
  assert.equal((await send(0, 2000)).status, 204)
  assert.equal(await shaman.partials.sweep(1000), 0)
  time += 7 * 24 * 3600 * 1000
  assert.equal(await shaman.partials.sweep(1000), 1)
  assert.equal((await ask('HEAD', address)).headers['upload-offset'], '0')
  assert.equal((await send(0, 3000)).status, 201)
})

test('an upload of wrong bytes is a 417 and begins anew', async (t) => {
  const { url } = await startTestFarm(t)
  const blob = randomBlob(100_000)
  const upload = `${url}/x/uploads/${nameOf(blob)}/me`
  const headers = { 'upload-offset': '0' }
  const wrong = await ask('PATCH', upload, { headers, body: randomBlob(100_000).bytes })
  assert.equal(wrong.status, 417)
  assert.equal((await ask('HEAD', upload)).headers['upload-offset'], '0')
  assert.equal((await ask('PATCH', upload, { headers, body: blob.bytes })).status, 201)
})

test('a form upload stores its files and tells of each', async (t) => {
  const { shaman, url } = await startTestFarm(t)
  const [good, bad] = [randomBlob(50_000), blobOf('good')]
  const form = new FormData()
  form.append(nameOf(bad), new Blob(['evil']), 'a.txt')
  form.append(nameOf(good), new Blob([good.bytes]), 'b.txt')
  const answer = await fetch(`${url}/x/form`, { method: 'POST', body: form })
  const { files } = (await answer.json()) as { files: { status: number }[] }
  assert.deepEqual(
    files.map((file) => file.status),
    [417, 201],
  )
  assert.ok(shaman.blobs.isStored(good.digest))
})

test('a blob is fetched whole, in ranges, and never twice', async (t) => {
  const { shaman, url } = await startTestFarm(t)
  const blob = randomBlob(10_000)
  await putBlob(shaman, blob)
  const address = `${url}/x/blobs/${nameOf(blob)}`
  const whole = await ask('GET', address)
  assert.deepEqual(whole.body, blob.bytes)
  assert.equal(whole.headers.etag, `"${blob.digest.sha}"`)
  assert.match(String(whole.headers['cache-control']), /immutable/)
  const range = async (value: string) => {
    const answer = await ask('GET', address, { headers: { range: value } })
    return [answer.status, answer.body.toString('hex')]
  }
  const hex = (first: number, end: number) => blob.bytes.toString('hex', first, end)
  assert.deepEqual(await range('bytes=5-9'), [206, hex(5, 10)])
  assert.deepEqual(await range('bytes=9990-'), [206, hex(9990, 10_000)])
  assert.deepEqual(await range('bytes=-3'), [206, hex(9997, 10_000)])
  assert.equal((await range('bytes=10000-'))[0], 416)
  const cached = await ask('GET', address, {
    headers: { 'if-none-match': String(whole.headers.etag) },
  })
  assert.equal(cached.status, 304)
  assert.equal((await ask('GET', `${url}/x/blobs/${nameOf(blobOf('gone'))}`)).status, 404)
})

test('a list of digests comes as a tar stream, a checkout as an archive of real files', async (t) => {
  const { client, url } = await startTestFarm(t)
  const blobs = [randomBlob(10), randomBlob(100_000), blobOf('')]
  const files = blobs.map((blob, i) => ({
    path: `d/${i}`,
    digest: blob.digest,
    source: { bytes: blob.bytes },
  }))
  const { checkoutPath } = await client.submit({ files, checkoutPath: 'a/b ü' })
  const entriesOf = async (tar: Buffer) => {
    const found: [string, string][] = []
    const reader = extract()
    reader.end(tar)
    for await (const entry of reader) {
      found.push([entry.header.name, (await readAll(entry)).toString('hex')])
    }
    return found
  }
  const list = await ask('POST', `${url}/x/blobs/get`, {
    headers: listType,
    body: digestList(blobs),
  })
  assert.deepEqual(
    await entriesOf(list.body),
    blobs.map((blob) => [nameOf(blob), blob.bytes.toString('hex')]),
  )
  const archive = await ask('GET', `${url}/x/checkouts/${encodeURIComponent(checkoutPath)}/tar`)
  assert.deepEqual(
    await entriesOf(archive.body),
    blobs.map((blob, i) => [`d/${i}`, blob.bytes.toString('hex')]),
  )
})

test('a checkout tells its shared and exclusive bytes, can be pinned, and goes when told to', async (t) => {
  const { client, url } = await startTestFarm(t)
  const [shared, own] = [randomBlob(1000), randomBlob(500)]
  const file = (path: string, blob: TestBlob) => ({
    path,
    digest: blob.digest,
    source: { bytes: blob.bytes },
  })
  await client.submit({ files: [file('s', shared), file('o', own)], checkoutPath: 'one' })
  await client.submit({ files: [file('s', shared)], checkoutPath: 'two' })
  const info = async (path: string) => (await ask('GET', `${url}/x/checkouts/${path}`)).json()
  const { sharedBytes, exclusiveBytes, uploadedBytes } = await info('one')
  assert.deepEqual([sharedBytes, exclusiveBytes, uploadedBytes], [1000, 500, 1500])
  assert.equal((await info('two')).uploadedBytes, 0)
  const holders = await ask('GET', `${url}/x/blobs/${nameOf(shared)}/checkouts`)
  assert.deepEqual(holders.json().checkouts, ['one', 'two'])
  const diff = (await ask('GET', `${url}/x/checkouts/one/diff?since=two`)).json()
  assert.deepEqual([diff.unchanged, diff.newBytes], [1, 500])

  assert.equal((await askJson('PUT', `${url}/x/checkouts/one/pin`, { pinned: true })).status, 200)
  assert.equal((await ask('DELETE', `${url}/x/checkouts/one`)).status, 409)
  await askJson('PUT', `${url}/x/checkouts/one/pin`, { pinned: false })
  assert.equal((await ask('DELETE', `${url}/x/checkouts/one`)).status, 204)
  assert.equal((await ask('DELETE', `${url}/x/checkouts/one`)).status, 404)
  assert.equal((await info('two')).exclusiveBytes, 1000)
})

test("metrics are told in Prometheus' format", async (t) => {
  const { shaman, url } = await startTestFarm(t)
  await putBlob(shaman, randomBlob(123))
  await ask('GET', fileUrl(url, blobOf('x')))
  const text = (await ask('GET', `${url}/x/metrics`)).body.toString()
  assert.match(text, /^shaman_store\{what="bytes"\} 123$/m)
  assert.match(
    text,
    /shaman_request_seconds_count\{operation="[^"]*checksum[^"]*",status="200"\} 1/,
  )
})
