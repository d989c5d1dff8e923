import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fuzz, fuzzInParts } from './fuzz.ts'
import { makeSeeds } from './seeds.ts'

test('3,000 damaged files are traced or refused, none crashes or hangs', (t) =>
  fuzzInParts(t, makeSeeds(), { first: 1, count: 3000 }))

test('inputs that once crashed or hung do so no more', async () => {
  for (const number of [1_000_601, 1_010_122, 1_011_554]) {
    const { failures } = await fuzz(makeSeeds(), number, 1)
    assert.deepEqual(failures, [])
  }
})
