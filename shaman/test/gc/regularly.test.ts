import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { realDisk } from '../../src/disk.ts'
import { collectRegularly } from '../../src/gc/regularly.ts'
import type { Shaman } from '../../src/shaman.ts'
import { afterwards } from '../support/afterwards.ts'
import { openTestShaman, putBlob, randomBlob, type TestBlob } from '../support/farm.ts'
import { until } from '../support/http.ts'

const day = 24 * 3600 * 1000

test('a store collects by itself when its time has come, and empties the trash later', async (t) => {
  let time = Date.now()
  const shaman = await openTestShaman(t, { now: () => time })
  const blob = randomBlob(1000)
  await putBlob(shaman, blob)
  const stop = collectRegularly(shaman, { lookEveryMs: 10 })
  afterwards(t, stop)
  time += 40 * day
  await until(() => !shaman.blobs.isStored(blob.digest))
  await until(async () => (await shaman.gc.trash()).length === 1)
  time += 3 * day
  await until(async () => (await shaman.gc.trash()).length === 0)
})

test('below the soft watermark a store collects early, the longest unused first and no more than needed', async (t) => {
  const { shaman, volume, pass } = await shamanOnVolume(t)
  const blobs = Array.from({ length: 3 }, () => randomBlob(1000))
  for (const blob of blobs) {
    await putBlob(shaman, blob)
    pass(day / 2)
  }
  const stop = collectRegularly(shaman, { everyMs: 0, softFreeBytes: 5000, lookEveryMs: 10 })
  afterwards(t, stop)
  const isHere = ({ digest }: TestBlob): boolean => shaman.blobs.isStored(digest)

  const someLooks = async (isEnough = () => true): Promise<void> => {
    const before = volume.looks
    await until(() => {
      pass(1000)
      return volume.looks > before + 3 && isEnough()
    })
  }
  await someLooks()
  assert.deepEqual(blobs.map(isHere), [true, true, true], 'with room enough nothing goes')

  volume.free = 4500
  await someLooks(() => !isHere(blobs[0]!))
  await someLooks()
  await stop()
  assert.deepEqual(blobs.map(isHere), [false, true, true])
  const [epoch] = await shaman.gc.trash()
  assert.equal(epoch?.blobs, 1, 'what was collected early can still be brought back')
})

/** A store on a volume with as much free as the test says, under a clock that the test moves. */
async function shamanOnVolume(
  t: TestContext,
): Promise<{ shaman: Shaman; volume: { free: number; looks: number }; pass(ms: number): void }> {
  let time = Date.UTC(2026, 0, 1)
  const volume = { free: 1e9, looks: 0 }
  const freeBytes = async (): Promise<number> => {
    volume.looks += 1
    return volume.free
  }
  const shaman = await openTestShaman(t, {
    now: () => time,
    disk: { ...realDisk, freeBytes },
    durability: 'none',
  })
  return {
    shaman,
    volume,
    pass: (ms) => {
      time += ms
    },
  }
}
