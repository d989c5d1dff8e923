import assert from 'node:assert/strict'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { createShamanClient } from '../src/client/main.ts'
import { openShaman } from '../src/open-shaman.ts'
import { afterwards } from './support/afterwards.ts'
import { blobOf, putBlob, startTestFarm, tempDir, uploadFile } from './support/farm.ts'
import { ask } from './support/http.ts'

test('a request for a checkout that comes again by its key makes no second one', async (t) => {
  const { shaman, url } = await startTestFarm(t)
  const blob = blobOf('x')
  await putBlob(shaman, blob)
  const create = async (key: string, file: string): Promise<unknown> => {
    const body = JSON.stringify({ checkoutPath: 'shot', files: [{ ...blob.digest, path: file }] })
    const headers = { 'content-type': 'application/json', 'idempotency-key': key }
    return (await ask('POST', `${url}/checkout/create`, { headers, body })).json().checkoutPath
  }
  const [first, beside] = await Promise.all([create('one', 'a'), create('one', 'a')])
  assert.equal(beside, first)
  assert.equal(await create('one', 'a'), first)
  assert.notEqual(await create('two', 'a'), first)
  assert.notEqual(await create('one', 'another'), first, 'another request, whatever its key')
  assert.equal(shaman.checkouts.list().length, 3)
  await shaman.checkouts.erase(String(first))
  assert.equal(await create('one', 'a'), first)
  assert.equal(shaman.checkouts.list().length, 3)
})

test('the key of a request is known after a restart', async (t) => {
  const dir = await tempDir(t)
  const options = { root: join(dir, 'root'), stateDir: join(dir, 'state'), reserveBytes: 0 }
  const blob = blobOf('x')
  const request = { path: 'shot', files: [{ ...blob.digest, path: 'a' }], key: 'one' }
  const first = await openShaman(options)
  await putBlob(first, blob)
  const made = await first.checkouts.create(request)
  await first.close()
  const second = await openShaman(options)
  t.after(() => second.close())
  assert.equal((await second.checkouts.create(request)).path, made.path)
  assert.equal(second.checkouts.list().length, 1)
})

test('a client whose answer was lost gets the checkout it asked for, once', async (t) => {
  const { shaman, server } = await startTestFarm(t)
  const { port } = new URL(server.url)
  let lost = 0
  const proxy = createServer((near) => {
    const far = connect(Number(port))
    let isCreating = false
    near.on('data', (piece) => {
      isCreating = String(piece).includes('/checkout/create')
      far.write(piece)
    })
    far.on('data', (piece) => {
      if (isCreating && lost === 0) {
        lost += 1
        near.destroy()
      } else near.write(piece)
    })
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => other.destroy())
      one.on('close', () => other.destroy())
    }
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  const address = proxy.address() as { port: number }
  const client = createShamanClient({ url: `http://127.0.0.1:${address.port}` })
  afterwards(t, async () => {
    await client.close()
    await new Promise((resolve) => proxy.close(resolve))
  })
  const files = [uploadFile('a', blobOf('x'))]
  const { checkoutPath } = await client.submit({ files, checkoutPath: 'shot' })
  assert.deepEqual([lost, checkoutPath, shaman.checkouts.list().length], [1, 'shot', 1])
})
