import assert from 'node:assert/strict'
import { readdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { test } from 'node:test'
import { createThreads, type Threads } from '../../src/blobs/threads.ts'
import { makeDir, realDisk } from '../../src/disk.ts'
import { openTestShaman, randomBlob, readAll, type TestBlob } from '../support/farm.ts'
import { until } from '../support/http.ts'

const day = 24 * 3600 * 1000
/** So many that threads give them their names. */
const many = (): TestBlob[] => Array.from({ length: 300 }, (_, i) => randomBlob(20 + i))

/** Threads that are about to give names until told to go on. */
function hesitantThreads(): { threads: Threads; wait(): void; goOn(): void; waiting(): number } {
  const threads = createThreads()
  let gate: PromiseWithResolvers<void> | undefined
  let waiting = 0
  return {
    threads: {
      ...threads,
      pick(work) {
        const thread = threads.pick(work)
        return {
          ...thread,
          async ask(request) {
            if (request.do === 'name' && gate) {
              waiting += 1
              await gate.promise
            }
            return await thread.ask(request)
          },
        }
      },
    },
    wait: () => {
      gate = Promise.withResolvers()
    },
    goOn: () => gate?.resolve(),
    waiting: () => waiting,
  }
}

test('blobs that come again while they lie in the trash are left alone until they have their names', async (t) => {
  const { threads, wait, goOn, waiting } = hesitantThreads()
  let time = Date.UTC(2026, 0, 1)
  const shaman = await openTestShaman(t, { threads, now: () => time })
  const blobs = many()
  const digests = blobs.map(({ digest }) => digest)
  await shaman.blobs.putAll(blobs)
  time += 40 * day
  const plan = await shaman.gc.plan({ maxAgeMs: 31 * day })
  await shaman.gc.apply(plan.id)
  assert.equal(shaman.blobs.isStored(digests[0]!), false)

  wait()
  const storing = shaman.blobs.putAll(blobs)
  await until(() => waiting() === 3)
  const statuses = await shaman.negotiator.statuses(digests, 'index')
  assert.deepEqual(new Set(statuses), new Set(['uploading']))
  assert.equal(shaman.negotiator.status(digests[0]!), 'uploading')
  goOn()
  assert.deepEqual(new Set(await storing), new Set(['stored']))
  for (const { digest, bytes } of blobs) {
    assert.deepEqual(await readAll(await shaman.blobs.open(digest)), bytes)
  }
})

test('of blobs that come in numbers, what is there already stays, what is torn is replaced, and twins are stored once', async (t) => {
  const shaman = await openTestShaman(t)
  const blobs = many()
  const place = (blob: TestBlob): string => shaman.layout.blob(blob.digest)
  const [present, torn, twin] = blobs as [TestBlob, TestBlob, TestBlob, ...TestBlob[]]
  for (const blob of [present, torn]) makeDir(realDisk, dirname(place(blob)))
  await writeFile(place(present), present.bytes)
  await writeFile(place(torn), 'torn')
  const before = realDisk.lstatSync(place(present))?.ino

  const results = await shaman.blobs.putAll([...blobs, twin])
  const others = new Set(results.slice(1, -1))
  assert.deepEqual([results[0], results.at(-1)], ['already-stored', 'already-stored'])
  assert.deepEqual(others, new Set(['stored']))
  assert.equal(realDisk.lstatSync(place(present))?.ino, before)
  assert.deepEqual(await readAll(await shaman.blobs.open(torn.digest)), torn.bytes)
  const left = await readdir(shaman.blobs.tempDir, { recursive: true })
  assert.deepEqual(
    left.filter((name) => name.endsWith('.tmp')),
    [],
  )
})

test('what appears in the place of a blob that its client was told is absent is replaced by what it sends', async (t) => {
  const shaman = await openTestShaman(t)
  const blobs = many()
  for (const { digest } of blobs) shaman.claims.claim('me', digest)
  const [claimed] = blobs as [TestBlob, ...TestBlob[]]
  const place = shaman.layout.blob(claimed.digest)
  makeDir(realDisk, dirname(place))
  await writeFile(place, Buffer.alloc(claimed.bytes.length, 'x'))
  assert.deepEqual(new Set(await shaman.blobs.putAll(blobs)), new Set(['stored']))
  assert.deepEqual(await readAll(await shaman.blobs.open(claimed.digest)), claimed.bytes)
  assert.equal(shaman.claims.isClaimed(claimed.digest), false)
})

test('a thread that ends while it gives names fails those uploads, and they go in afterwards', async (t) => {
  const { threads, wait, goOn, waiting } = hesitantThreads()
  const shaman = await openTestShaman(t, { threads })
  const blobs = many()
  wait()
  const storing = shaman.blobs.putAll(blobs)
  await until(() => waiting() === 3)
  await threads.close()
  goOn()
  const results = await storing
  assert.ok(results.every((result) => result instanceof Error))
  const again = await shaman.blobs.putAll(blobs)
  assert.deepEqual(new Set(again), new Set(['stored']))
})
