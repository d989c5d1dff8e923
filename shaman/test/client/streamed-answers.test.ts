import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { createShamanClient, type ShamanClient, type UploadFile } from '../../src/client/main.ts'
import { digestBytes } from '../../src/digest.ts'
import { blobOf, startTestFarm, type TestFarm, uploadFile } from '../support/farm.ts'
import { startWay } from '../support/way.ts'

const manyFiles = (): UploadFile[] =>
  Array.from({ length: 3000 }, (_, i) => uploadFile(`tex/${i}`, blobOf(`content ${i}`)))

/** How an answer travels: its bytes are written by `send`. */
type Journey = (asked: number, statuses: Buffer, send: ServerResponse) => Promise<unknown> | unknown

/** A client whose questions about what is missing are answered by way of a journey. */
async function farmBehind(
  t: TestContext,
  options: { parallel?: number; journey: Journey; onBatch?: () => void },
): Promise<{ farm: TestFarm; client: ShamanClient }> {
  const farm = await startTestFarm(t)
  const url = await startWay(t, farm.server.url, (request, response) => {
    if (request.url!.includes('/x/blobs?')) options.onBatch?.()
    if (!request.url!.includes('/x/requirements')) return undefined
    void answer(farm, request, response, options.journey)
    return 'answered'
  })
  const { parallel } = options
  const client = createShamanClient({ url, ...(parallel && { parallel }) })
  t.after(() => client.close())
  return { farm, client }
}

async function answer(
  { server }: TestFarm,
  request: IncomingMessage,
  response: ServerResponse,
  journey: Journey,
): Promise<void> {
  const body = await buffer(request)
  const answered = await fetch(new URL(request.url!, server.url), {
    method: 'POST',
    headers: {
      'content-type': request.headers['content-type']!,
      'x-shaman-client': request.headers['x-shaman-client'] as string,
    },
    body,
  })
  const statuses = Buffer.from(await answered.arrayBuffer())
  response.writeHead(answered.status, { 'content-type': 'application/octet-stream' })
  await journey(body.length / digestBytes, statuses, response)
}

for (const parallel of [8, 2]) {
  test(`files are on their way while the answer about others still is, with ${parallel} requests at a time`, async (t) => {
    const batchBegun = Promise.withResolvers<void>()
    const { farm, client } = await farmBehind(t, {
      parallel,
      onBatch: batchBegun.resolve,
      async journey(_, statuses, response) {
        response.write(statuses.subarray(0, 1000))
        await batchBegun.promise
        response.end(statuses.subarray(1000))
      },
    })
    const files = manyFiles()
    const { receipt } = await client.submit({ files, checkoutPath: 'job' })
    assert.equal(receipt.uploadedFiles, 3000)
    assert.ok(receipt.requests <= 5, `${receipt.requests} requests`)
    assert.equal((await farm.shaman.checkouts.manifest('job')).files.length, 3000)
  })
}

test('with one request at a time everything is sent after the answer', async (t) => {
  const { client } = await farmBehind(t, {
    parallel: 1,
    journey(_, statuses, response) {
      response.write(statuses.subarray(0, 1000))
      setTimeout(() => response.end(statuses.subarray(1000)), 50)
    },
  })
  const { receipt } = await client.submit({ files: manyFiles(), checkoutPath: 'job' })
  assert.equal(receipt.uploadedFiles, 3000)
})

test('an answer that breaks off is asked for again from there on, and no file is sent twice', async (t) => {
  const asked: number[] = []
  const { farm, client } = await farmBehind(t, {
    journey(count, statuses, response) {
      asked.push(count)
      if (asked.length > 1) return response.end(statuses)
      return response.write(statuses.subarray(0, 1700), () => response.destroy())
    },
  })
  const files = manyFiles()
  const { receipt } = await client.submit({ files, checkoutPath: 'job' })
  assert.deepEqual(asked, [3000, 1300])
  assert.deepEqual([receipt.uploadedFiles, receipt.storedFiles], [3000, 0])
  const bytes = files.reduce((sum, { digest }) => sum + digest.size, 0)
  assert.equal(receipt.uploadedBytes, bytes)
  assert.equal(farm.shaman.checkouts.get('job')?.uploadedFiles, 3000)
})

test('a server that answers about fewer files than it was asked is not believed about the others', async (t) => {
  const { farm, client } = await farmBehind(t, {
    journey: (_, statuses, response) => response.end(statuses.subarray(0, 2000)),
  })
  await assert.rejects(client.submit({ files: manyFiles(), checkoutPath: 'job' }), {
    code: 'ANSWER_INVALID',
  })
  assert.equal(farm.shaman.checkouts.get('job'), undefined)
})

for (const [times, outcome] of [
  [1, 'is sent again'],
  [9, 'is told'],
] as const) {
  test(`a file that the answer to a batch leaves out, times: ${times}, ${outcome}`, async (t) => {
    const farm = await startTestFarm(t)
    const batches: number[] = []
    const url = await startWay(t, farm.server.url, (request, response) => {
      if (!request.url!.includes('/x/blobs?')) return undefined
      void (async () => {
        const answered = await fetch(new URL(request.url!, farm.server.url), {
          method: 'POST',
          headers: { 'content-type': request.headers['content-type']! },
          body: await buffer(request),
        })
        const lines = (await answered.text()).trimEnd().split('\n')
        const [run, ...others] = lines.map((line) => JSON.parse(line) as { count: number })
        batches.push(others.at(-1)!.count)
        if (batches.length <= times) run!.count -= 1
        response.end([run, ...others].map((line) => `${JSON.stringify(line)}\n`).join(''))
      })()
      return 'answered'
    })
    const client = createShamanClient({ url })
    t.after(() => client.close())
    const files = manyFiles().slice(0, 100)
    const uploading = client.upload({ files })
    if (outcome === 'is told') {
      await assert.rejects(uploading, { code: 'ANSWER_INVALID' })
      return
    }
    const { uploadedFiles, storedFiles } = await uploading
    assert.deepEqual([uploadedFiles, storedFiles], [99, 1])
    assert.deepEqual(batches, [100, 1])
  })
}

test('progress tells of all that is missing by the time it is sent', async (t) => {
  const { client } = await farmBehind(t, {
    async journey(_, statuses, response) {
      response.write(statuses.subarray(0, 10))
      setTimeout(() => response.end(statuses.subarray(10)), 20)
    },
  })
  const totals: number[] = []
  const phases: string[] = []
  await client.submit({
    files: manyFiles(),
    checkoutPath: 'job',
    onProgress({ phase, filesTotal }) {
      if (phases.at(-1) !== phase) phases.push(phase)
      if (phase === 'upload') totals.push(filesTotal)
    },
  })
  assert.deepEqual(phases, ['negotiate', 'upload', 'checkout'])
  assert.equal(totals.at(-1), 3000)
  assert.deepEqual(
    totals,
    totals.toSorted((a, b) => a - b),
  )
})
