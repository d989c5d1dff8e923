import { test } from 'node:test'
import { assertSound, fuzz } from './fuzz.ts'
import { makeSeeds } from './seeds.ts'

test('3,000 damaged files are traced or refused, none crashes or hangs', async () => {
  assertSound(await fuzz(makeSeeds(), 1, 3000))
})
