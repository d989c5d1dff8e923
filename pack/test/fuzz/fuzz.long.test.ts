import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { fuzzInParts } from './fuzz.ts'
import { makeSeeds, marksOf, type Seed } from './seeds.ts'

const shared = resolve(dirname(fileURLToPath(import.meta.url)), '../../../../shared/blendfiles')

test('100,000 damaged files are traced or refused, none crashes or hangs', (t) =>
  fuzzInParts(t, makeSeeds(), { first: 1_000_000, count: 100_000 }))

test('5,000 damaged files of real Blenders are traced or refused', async (t) => {
  if (!existsSync(shared)) return t.skip(`the test files of ${shared} are not there`)
  await fuzzInParts(t, realSeeds(), { first: 0, count: 5000, part: 1000 })
})

function realSeeds(): Seed[] {
  return globSync('**/*.blend', { cwd: shared })
    .map((name) => ({ name, path: join(shared, name) }))
    .filter(({ path }) => statSync(path).size < 1_000_000 && statSync(path).size > 1000)
    .map(({ name, path }) => {
      const bytes = readFileSync(path)
      return { name, bytes, marks: marksOf(bytes) }
    })
}
