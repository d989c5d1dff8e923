import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { daysUntilFull } from '../src/care/sizes.ts'
import { collectRegularly } from '../src/gc/regularly.ts'
import type { CheckoutShares, GcPlan, StoreSizes } from '../src/schemas.ts'
import { afterwards } from './support/afterwards.ts'
import {
  blobOf,
  openTestShaman,
  putBlob,
  randomBlob,
  startTestFarm,
  uploadFile,
} from './support/farm.ts'
import { ask, askJson, until } from './support/http.ts'

const day = 24 * 3600 * 1000

test('the size is recorded once a day, for 400 days, and told with what it is now', async (t) => {
  let now = Date.UTC(2026, 0, 1, 12)
  const { shaman, url } = await startTestFarm(t, { now: () => now })
  await shaman.sizes.keep()
  await putBlob(shaman, randomBlob(5000))
  now += 3600 * 1000
  await shaman.sizes.keep()
  now += day
  await shaman.sizes.keep()
  const { samples } = (await ask('GET', `${url}/x/sizes`)).json() as unknown as StoreSizes
  assert.deepEqual(
    samples.map(({ at, bytes }) => [at.slice(0, 10), bytes]),
    [
      ['2026-01-01', 0],
      ['2026-01-02', 5000],
      ['2026-01-02', 5000],
    ],
  )
  const oldest = { at: 0, bytes: 1, referencedBytes: 0, freeBytes: 0 }
  await writeFile(shaman.layout.sizes, JSON.stringify({ samples: Array(500).fill(oldest) }))
  const again = await openTestShaman(t, { now: () => now })
  await writeFile(again.layout.sizes, await readFile(shaman.layout.sizes))
  await again.sizes.keep()
  const kept = JSON.parse(await readFile(again.layout.sizes, 'utf8')) as { samples: unknown[] }
  assert.equal(kept.samples.length, 400)
})

test('a record that cannot be read is begun anew, and one that cannot be written keeps nothing from being collected', async (t) => {
  let now = Date.now()
  const shaman = await openTestShaman(t, { now: () => now })
  await writeFile(shaman.layout.sizes, '{"samples": [')
  assert.equal((await shaman.sizes.history()).samples.length, 1)
  await putBlob(shaman, blobOf('long unused'))
  await mkdir(`${shaman.layout.sizes}.tmp`)
  now += 40 * day
  const stop = collectRegularly(shaman, { lookEveryMs: 20, everyMs: day })
  afterwards(t, stop)
  now += day
  await until(async () => (await shaman.stats()).blobs === 0)
})

test('the days until nothing is free follow the last 30 days, and are not told of less than 3', () => {
  const sampleOf = (dayNumber: number, freeBytes: number) => ({
    at: dayNumber * day,
    bytes: 0,
    referencedBytes: 0,
    freeBytes,
  })
  // 10 bytes a day go; what went before the last 30 days does not count.
  const steady = Array.from({ length: 30 }, (_, n) => sampleOf(100 + n, 1000 - 10 * n))
  assert.equal(daysUntilFull([sampleOf(1, 1e9), ...steady]), 71)
  assert.equal(daysUntilFull(steady.slice(0, 3)), undefined)
  assert.equal(daysUntilFull(steady.slice(0, 4)), 97)
  assert.equal(daysUntilFull(steady.map((one) => ({ ...one, freeBytes: 500 }))), undefined)
  assert.equal(daysUntilFull(steady.map((one, n) => ({ ...one, freeBytes: n }))), undefined)
  assert.equal(daysUntilFull([]), undefined)
})

test('shares divide every blob among its holders, however often one names it, and add up to what is referenced', async (t) => {
  const { shaman, client, url } = await startTestFarm(t)
  const [own, both] = [randomBlob(5000), randomBlob(8000)]
  await client.submit({
    checkoutPath: 'one',
    files: [uploadFile('own', own), uploadFile('both', both), uploadFile('copy', both)],
  })
  await client.submit({ checkoutPath: 'two', files: [uploadFile('both', both)] })
  const { checkouts } = (await ask('GET', `${url}/x/shares`)).json() as unknown as CheckoutShares
  assert.deepEqual(Object.fromEntries(checkouts.map(({ path, share }) => [path, share])), {
    one: 9000,
    two: 4000,
  })
  assert.equal((await shaman.stats()).referencedBytes, 13_000)
})

test('a plan is listed as CSV: its checkouts, then its blobs, and no name is a formula', async (t) => {
  let now = Date.UTC(2026, 0, 1)
  const { shaman, client, url } = await startTestFarm(t, { now: () => now })
  const [loose, only] = [randomBlob(4000), randomBlob(6000)]
  await putBlob(shaman, loose)
  await client.submit({ checkoutPath: '=HYPERLINK(1),"a"', files: [uploadFile('only', only)] })
  const { path } = shaman.catalog.list()[0]!
  now += 40 * day
  const request = { erase: [path], maxAgeSeconds: 3600 }
  const { id } = (await askJson('POST', `${url}/x/gc/plans`, request)).json() as unknown as GcPlan
  const answer = await ask('GET', `${url}/x/gc/plans/${id}/csv`)
  assert.equal(answer.headers['content-type'], 'text/csv; charset=utf-8')
  assert.match(String(answer.headers['content-disposition']), /collection-2026-02-10\.csv/)
  const [head, checkout, ...blobs] = answer.body.toString().trimEnd().split('\n')
  assert.equal(head, 'kind,name,bytes,last_use')
  assert.equal(checkout, `checkout,"'=HYPERLINK(1),""a""",6000,2026-01-01T00:00:00.000Z`)
  assert.deepEqual(
    blobs.toSorted(),
    [loose, only]
      .map(
        ({ digest }) => `blob,${digest.sha}-${digest.size},${digest.size},2026-01-01T00:00:00.000Z`,
      )
      .toSorted(),
  )
  await shaman.gc.apply(id)
  assert.equal((await ask('GET', `${url}/x/gc/plans/${id}/csv`)).status, 404)
})
