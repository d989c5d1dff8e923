import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { createShamanClient } from '../src/client/main.ts'
import { blobOf, randomBlob, startTestFarm, uploadFile } from './support/farm.ts'

test('eight clients submitting the same project at once send each byte once and all succeed', async (t) => {
  const { server, shaman } = await startTestFarm(t)
  const files = [
    ...Array.from({ length: 300 }, (_, i) => uploadFile(`small/${i}`, randomBlob(1000 + i))),
    ...Array.from({ length: 4 }, (_, i) => uploadFile(`large/${i}`, randomBlob(2_000_000))),
  ]
  const total = files.reduce((sum, file) => sum + file.digest.size, 0)
  const submissions = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const client = createShamanClient({ url: server.url, clientId: randomUUID() })
      try {
        return await client.submit({ files, checkoutPath: 'same name' })
      } finally {
        await client.close()
      }
    }),
  )
  const uploaded = submissions.reduce((sum, { receipt }) => sum + receipt.uploadedBytes, 0)
  const wire = submissions.reduce((sum, { receipt }) => sum + receipt.wireBytes, 0)
  assert.equal(uploaded, total, 'each byte is stored once')
  const tarOverhead = 304 * 1024 + 8 * 1024
  assert.ok(wire <= total * 1.01 + tarOverhead, `${wire} bytes travelled for ${total}`)
  assert.equal(new Set(submissions.map((one) => one.checkoutPath)).size, 8)
  assert.equal((await shaman.stats()).blobs, files.length)
})

test('when the client that others wait for falls silent, one of them takes over', async (t) => {
  let time = Date.now()
  const { shaman, client } = await startTestFarm(t, { now: () => time })
  const blob = randomBlob(1000)
  assert.equal(shaman.claims.claim('gone', blob.digest), true)
  const timer = setInterval(() => {
    time += 5000
  }, 50)
  t.after(() => clearInterval(timer))
  const receipt = await client.upload({ files: [uploadFile('a', blob)] })
  assert.equal(receipt.uploadedFiles, 1)
})

test('checkouts and uploads go on while the same blobs are collected again and again', async (t) => {
  let time = Date.now()
  const { shaman, client } = await startTestFarm(t, {
    now: () => time,
    leaseMs: 1,
    durability: 'none',
  })
  const blobs = Array.from({ length: 40 }, (_, i) => blobOf(`content ${i}`))
  let stop = false
  const collecting = (async () => {
    while (!stop) {
      time += 60_000
      const plan = await shaman.gc.plan({ maxAgeMs: 0 })
      await shaman.gc.apply(plan.id, { evenIfLarge: true })
    }
  })()
  for (let round = 0; round < 15; round += 1) {
    const files = blobs.slice(round, round + 20).map((blob, i) => uploadFile(`f${i}`, blob))
    const { checkoutPath } = await client.submit({ files, checkoutPath: 'job' })
    const { files: made } = await client.manifest(checkoutPath)
    for (const file of made) assert.ok(shaman.blobs.isStored(file), 'a published file is there')
    if (round % 2 === 0) await shaman.checkouts.erase(checkoutPath)
  }
  stop = true
  await collecting
  const report = await shaman.fsck()
  assert.deepEqual(
    report.problems.filter((problem) => problem.kind === 'missing-blob'),
    [],
  )
})
