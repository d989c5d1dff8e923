import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { framesPay, isWorthDelta, openPaceBook, type Pace } from '../../src/delta/pace.ts'
import { tempDir } from '../support/farm.ts'

const MB = 1e6
const file = { size: 200 * MB, splice: 'splice', isChunked: true } as const

test('a delta is chosen on a slow link and the whole file on one that outruns the store', () => {
  const store = { splice: 300 * MB, chunk: 800 * MB }
  assert.equal(isWorthDelta(file, { ...store, whole: 12 * MB }), true)
  assert.equal(isWorthDelta(file, { ...store, whole: 110 * MB }), true)
  assert.equal(isWorthDelta(file, { ...store, whole: 900 * MB }), false)
})

test('what was never measured is tried', () => {
  assert.equal(isWorthDelta(file, {}), true)
  assert.equal(isWorthDelta(file, { whole: 5000 * MB }), true)
  assert.equal(isWorthDelta(file, { splice: 1 }), true)
  assert.equal(isWorthDelta(file, { whole: 5000 * MB, 'splice-frames': 1 }), true)
})

test('a compressed file goes by its blocks while those are few for the network', () => {
  assert.equal(framesPay(0.03, {}), false)
  assert.equal(framesPay(0.03, { whole: 110 * MB }), false)
  assert.equal(framesPay(0.03, { whole: 12 * MB }), true)
  assert.equal(framesPay(0.003, { whole: 12 * MB }), false)
  assert.equal(framesPay(0.06, { whole: 5000 * MB }), true)
})

test('a chunk pass that is still to come counts as a part of the delta', () => {
  const pace = { whole: 300 * MB, splice: 310 * MB, chunk: 800 * MB }
  assert.equal(isWorthDelta(file, pace), true)
  assert.equal(isWorthDelta({ ...file, isChunked: false }, pace), false)
})

test('by its own measurements a delta never takes longer than the whole file', () => {
  const rate = fc.double({ min: 1e5, max: 1e10, noNaN: true })
  fc.assert(
    fc.property(rate, rate, rate, fc.boolean(), (whole, splice, chunk, isChunked) => {
      const pace: Pace = { whole, splice, chunk }
      const { size } = file
      const took = (isChunked ? 0 : size / chunk) + size / splice
      const isOver = took > size / whole
      assert.equal(isWorthDelta({ ...file, isChunked }, pace), !isOver)
    }),
  )
})

test('the pace of a store is the best of its last measurements, once there are two', async (t) => {
  const book = openPaceBook(await tempDir(t))
  const note = (seconds: number): Promise<void> =>
    book.note('store', 'whole', { bytes: 100 * MB, ms: seconds * 1000 })
  await note(1)
  assert.deepEqual(await book.of('store'), {})
  await note(10)
  assert.deepEqual(await book.of('store'), { whole: 100 * MB })
  // The network of an artist who went home.
  for (let times = 0; times < 3; times++) await note(20)
  assert.deepEqual(await book.of('store'), { whole: 5 * MB })
  assert.deepEqual(await book.of('another'), {})
})

test('measurements outlive the process, but not the day, and small files do not count', async (t) => {
  const dir = await tempDir(t)
  let time = 1_000_000
  const book = openPaceBook(dir, () => time)
  for (let times = 0; times < 2; times++) {
    await book.note('store', 'splice', { bytes: 50 * MB, ms: 1000 })
    await book.note('store', 'whole', { bytes: 5_000, ms: 1000 })
  }
  await book.save()
  const again = openPaceBook(dir, () => time)
  assert.deepEqual(await again.of('store'), { splice: 50 * MB })
  time += 25 * 3600 * 1000
  assert.deepEqual(await again.of('store'), {})
})

test('a torn or foreign book is as good as none', async (t) => {
  const dir = await tempDir(t)
  for (const text of ['', '{"store":', '[1]', 'null', '{"store":{"whole":{"rates":"x","at":1}}}']) {
    await writeFile(join(dir, 'pace.json'), text)
    assert.deepEqual(await openPaceBook(dir).of('store'), {})
  }
})
