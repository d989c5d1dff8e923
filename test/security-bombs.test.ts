import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import sharp from 'sharp'
import { eventually, startFarm } from './farm.ts'
import { rawRequest, workerWithTask } from './security.ts'

const api = '/api/v3'
const store = `${api}/shaman`
const json = { 'content-type': 'application/json' }

/** A ustar header as it may be written by anybody. */
function tarHeader(name: string, size: string, type = '0'): Buffer {
  const header = Buffer.alloc(512)
  header.write(name, 0, 100)
  header.write('0000644\0', 100)
  header.write(size, 124, 12)
  header.write('00000000000\0', 136)
  header.write('        ', 148)
  header.write(type, 156)
  header.write('ustar\0' + '00', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}

test('tar bombs: a batch that claims, nests or counts too much is refused, and costs no memory', async (t) => {
  const { url, manager } = await startFarm(t)
  const send = (body: Buffer) =>
    rawRequest(url, `${store}/x/blobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-tar' },
      body,
    })
  const name = (i: number): string => `${i.toString(16).padStart(64, '0')}/0`
  const before = await residentBytes(manager.pid)
  const bombs: Record<string, Buffer> = {
    'an entry of 8 GiB': Buffer.concat([tarHeader(name(1), '77777777777\0'), Buffer.alloc(1024)]),
    'an entry of a negative size': tarHeader(name(1), '-0000000001\0'),
    'an entry of a size that is no number': tarHeader(name(1), 'lots\0'),
    'a path out of the store': tarHeader('../../../../tmp/x', '00000000000\0'),
    'a symbolic link': tarHeader(name(1), '00000000000\0', '2'),
    'a long name of a gibibyte': tarHeader('././@LongLink', '10000000000\0', 'L'),
    'a header of a gibibyte': tarHeader('PaxHeader', '10000000000\0', 'x'),
    'a hundred thousand entries': Buffer.concat(
      Array.from({ length: 100_000 }, (_, i) => tarHeader(name(i), '00000000000\0')),
    ),
    'no tar at all': Buffer.alloc(100_000, 'tar'),
  }
  for (const [bomb, body] of Object.entries(bombs)) {
    const answer = await send(body)
    const isRefused = answer.status >= 400 && answer.status < 500
    const isRefusedByLine = /"status":4\d\d|"code":4\d\d/.test(answer.text)
    assert.ok(
      isRefused || isRefusedByLine,
      `${bomb}: ${answer.status} ${answer.text.slice(0, 300)}`,
    )
    assert.ok(!/"status":201/.test(answer.text), `${bomb} stored something`)
  }
  const grown = (await residentBytes(manager.pid)) - before
  assert.ok(grown < 300e6, `the manager grew by ${Math.round(grown / 1e6)} MB`)
  assert.equal((await rawRequest(url, '/healthz')).status, 200)
})

test('zip bombs: a compressed .blend of a few kilobytes is traced within bounds', async (t) => {
  const { url, manager } = await startFarm(t)
  const unpacked = Buffer.alloc(512 * 1024 * 1024)
  unpacked.write('BLENDER-v403')
  const blends = { gzip: gzipSync(unpacked, { level: 1 }), zstd: zstdCompressSync(unpacked) }
  const before = await residentBytes(manager.pid)
  for (const [name, bytes] of Object.entries(blends)) {
    const sha = createHash('sha256').update(bytes).digest('hex')
    const octets = { 'content-type': 'application/octet-stream' }
    const blob = `${store}/files/${sha}/${bytes.length}`
    await rawRequest(url, blob, { method: 'POST', headers: octets, body: bytes })
    const post = (path: string, body: object) =>
      rawRequest(url, path, { method: 'POST', headers: json, body: JSON.stringify(body) })
    const files = [{ sha, size: bytes.length, path: 'x.blend' }]
    const made = await post(`${store}/checkout/create`, { files, checkoutPath: name })
    assert.equal(made.status, 200, made.text)
    const traced = await post(`${api}/farm/trace`, { checkout_id: name, blend: 'x.blend' })
    assert.equal(traced.status, 422, traced.text)
    assert.match(traced.text, /damaged/)
  }
  assert.ok((await residentBytes(manager.pid)) - before < 200e6)
  assert.equal((await rawRequest(url, '/healthz')).status, 200)
})

test('image bombs: a preview of a few kilobytes and 250 megapixels costs little memory', async (t) => {
  const { url, manager, api: open } = await startFarm(t)
  const bomb = await sharp({
    create: { width: 16_000, height: 16_000, channels: 3, background: '#123' },
    limitInputPixels: false,
  })
    .png({ compressionLevel: 9 })
    .toBuffer()
  assert.ok(bomb.length < 25e6)
  const { worker, task } = await workerWithTask(open)
  const before = await residentBytes(manager.pid)
  let most = before
  const watch = setInterval(async () => {
    most = Math.max(most, await residentBytes(manager.pid))
  }, 50)
  t.after(() => clearInterval(watch))
  const answer = await rawRequest(url, `${api}/worker/task/${task.uuid}/output-produced`, {
    method: 'POST',
    headers: {
      authorization: worker.authorization!,
      'content-type': 'image/png',
      'content-length': String(bomb.length),
    },
    body: bomb,
  })
  assert.equal(answer.status, 202, answer.text)
  await eventually('the picture', async () => {
    return (await rawRequest(url, `${api}/jobs/${task.job}/last-rendered`)).status === 200
  })
  assert.ok(most - before < 400e6, `the manager grew by ${Math.round((most - before) / 1e6)} MB`)
})

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024
}
