import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { digestOf } from '@shaman-farm/shaman'
import { createShamanClient } from '@shaman-farm/shaman/client'
import { until } from './http/contract/setting.ts'
import { openManager } from './running-manager.ts'

const dayMs = 24 * 3_600_000
const lookMs = 20
const unused = Buffer.from('uploaded, and never checked out')

/** A store with a blob that a checkout holds and, by far the smaller, one that nothing refers to; its clock can be moved. */
async function openStore(t: TestContext, garbageCollect?: { period: string; maxAge: string }) {
  const clock = { now: Date.now() }
  const manager = await openManager(t, {
    now: () => clock.now,
    storeLookMs: lookMs,
    ...(garbageCollect ? { config: { shaman: { enabled: true, garbageCollect } } } : {}),
  })
  const held = Array.from({ length: 10 }, (_, i) =>
    Buffer.from(`held by a checkout ${i}`.repeat(99)),
  )
  const client = createShamanClient({ url: manager.url })
  await client.submit({
    files: held.map((bytes, i) => ({
      path: `${i}.bin`,
      digest: digestOf(bytes),
      source: { bytes },
    })),
    checkoutPath: 'shot',
  })
  await client.upload({
    files: [{ path: 'unused', digest: digestOf(unused), source: { bytes: unused } }],
  })
  await client.close()
  // Looked up on the disk: whoever asks the store for a blob keeps it for a while.
  const has = (bytes: Buffer): boolean => {
    const sha = hash('sha256', bytes)
    const folder = join(manager.dir, 'storage', 'file-store', 'blobs', sha.slice(0, 2))
    return existsSync(join(folder, `${sha.slice(2)}-${bytes.length}.blob`))
  }
  const isAllHeld = (): boolean => held.every(has)
  assert.ok(has(unused) && isAllHeld())
  return { clock, has, isAllHeld }
}

test('the manager collects by itself what nothing has used for long enough, and nothing else', async (t) => {
  const { clock, has, isAllHeld } = await openStore(t, { period: '24h', maxAge: '240h' })
  // A day later it collects for the first time, and a day later again.
  for (const days of [1, 2]) {
    clock.now += dayMs
    await sleep(10 * lookMs)
    assert.ok(has(unused), `${days} days old`)
  }
  clock.now += 9 * dayMs
  await until(async () => !has(unused))
  assert.ok(isAllHeld())
})

test('a period of 0 switches collection off', async (t) => {
  const { clock, has, isAllHeld } = await openStore(t, { period: '0', maxAge: '240h' })
  for (let month = 0; month < 3; month += 1) {
    clock.now += 31 * dayMs
    await sleep(10 * lookMs)
  }
  assert.ok(has(unused) && isAllHeld())
})
