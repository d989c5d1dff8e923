import assert from 'node:assert/strict'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { createPartials } from '../src/blobs/partials.ts'
import { createShamanClient } from '../src/client/main.ts'
import { openTestShaman, randomBlob, startTestFarm, tempDir, uploadFile } from './support/farm.ts'
import { ask, openRequest, sleep, until } from './support/http.ts'
import { startServer } from './support/kill-loop.ts'

test('an upload survives the death of the server, and a later client process continues it', async (t) => {
  const dir = await tempDir(t)
  const blob = randomBlob(20_000_000)
  const first = await startServer(join(dir, 'root'), join(dir, 'state'))
  const path = `/api/v3/shaman/x/uploads/${blob.digest.sha}/${blob.digest.size}/artist`
  const head = { 'upload-offset': '0', 'content-length': String(blob.digest.size) }
  const request = openRequest(first.url + path, head, 'PATCH')
  await request.write(blob.bytes.subarray(0, 12_000_000))
  // Bytes are made durable every two seconds; what was told to be durable must still be there after the kill.
  await sleep(2100)
  await request.write(blob.bytes.subarray(12_000_000, 14_000_000))
  await until(
    async () => Number((await ask('HEAD', first.url + path)).headers['upload-offset']) > 0,
  )
  const before = Number((await ask('HEAD', first.url + path)).headers['upload-offset'])
  first.child.kill('SIGKILL')
  await once(first.child, 'exit')
  request.close()

  const second = await startServer(join(dir, 'root'), join(dir, 'state'))
  t.after(() => second.child.kill('SIGKILL'))
  const after = Number((await ask('HEAD', second.url + path)).headers['upload-offset'])
  assert.ok(
    after >= before && before >= 10_000_000,
    `${before} bytes were durable, ${after} are left`,
  )
  const client = createShamanClient({ url: second.url, clientId: 'artist' })
  t.after(() => client.close())
  const receipt = await client.upload({ files: [uploadFile('big', blob)] })
  assert.equal(receipt.uploadedFiles, 1)
  assert.ok(receipt.wireBytes < blob.digest.size, `${receipt.wireBytes} bytes travelled again`)
})

test('an offset is told only once it is recorded, so that a kill at any moment finds it', async (t) => {
  const { blobs, index, durability, space, now } = await openTestShaman(t)
  const asked = Promise.withResolvers<void>()
  const recorded = Promise.withResolvers<void>()
  const slowIndex = {
    ...index,
    async setState(name: string, value: unknown) {
      asked.resolve()
      await recorded.promise
      await index.setState(name, value)
    },
  }
  const partials = createPartials({ store: blobs, index: slowIndex, durability, space, now })
  const { digest, bytes } = randomBlob(5000)
  const half = async function* (): AsyncGenerator<Buffer> {
    yield bytes.subarray(0, 2000)
  }
  const appended = partials.append({ digest, client: 'me', offset: 0, bytes: half() })
  await asked.promise
  assert.equal(await partials.offset(digest, 'me'), 0)
  recorded.resolve()
  assert.deepEqual(await appended, { offset: 2000 })
  assert.equal(await partials.offset(digest, 'me'), 2000)
})

test('an upload can be aborted at any moment, and the next one succeeds', async (t) => {
  const { client, shaman } = await startTestFarm(t)
  const files = [
    uploadFile('big', randomBlob(30_000_000)),
    ...Array.from({ length: 100 }, (_, i) => uploadFile(`s${i}`, randomBlob(5000 + i))),
  ]
  for (const after of [0, 5, 30, 80]) {
    const abort = new AbortController()
    setTimeout(() => abort.abort(), after)
    const outcome = await client
      .submit({ files, checkoutPath: 'aborted', signal: abort.signal })
      .then(
        () => 'done',
        (error: Error) => error.name,
      )
    assert.ok(['AbortError', 'done'].includes(outcome), outcome)
  }
  const { checkoutPath } = await client.submit({ files, checkoutPath: 'whole' })
  assert.equal(checkoutPath, 'whole')
  assert.equal((await shaman.stats()).blobs, 101)
})
