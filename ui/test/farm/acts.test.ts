import assert from 'node:assert/strict'
import { test } from 'node:test'
import { actOnEach, tellResults } from '../../src/farm/acts.ts'
import { ApiError } from '../../src/farm/api.ts'

test('each item has its own outcome, and one failure stops nobody', async () => {
  const results = await actOnEach(['a', 'b', 'c'], async (key) => {
    if (key === 'b') throw new ApiError('no such job', { status: 404, code: 'NOT_FOUND' })
  })
  assert.deepEqual(
    results.map((result) => [result.key, result.error?.code]),
    [
      ['a', undefined],
      ['b', 'NOT_FOUND'],
      ['c', undefined],
    ],
  )
  assert.equal(
    tellResults('Paused', 'job', results, (key) => `job ${key}`),
    'Paused 2 of 3 jobs. job b: no such job',
  )
})

test('never more than a few at a time', async () => {
  let running = 0
  let most = 0
  await actOnEach(
    Array.from({ length: 20 }, (_, index) => String(index)),
    async () => {
      running += 1
      most = Math.max(most, running)
      await new Promise((resolve) => setImmediate(resolve))
      running -= 1
    },
    3,
  )
  assert.equal(most, 3)
})
