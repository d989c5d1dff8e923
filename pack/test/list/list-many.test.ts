import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Listing, ListOptions } from '../../src/list/list.ts'
import { listMany } from '../../src/list/list-many.ts'
import { images, tempDir, write, writeBlend } from '../project-builder.ts'

const options: ListOptions = { as: 'json', trace: { all: false } }

async function listWith(threads: number, files: readonly string[]): Promise<Listing[]> {
  const listings: Listing[] = []
  for await (const listing of listMany(files, options, {
    threads,
    worthMs: Number.NEGATIVE_INFINITY,
  }))
    listings.push(listing)
  return listings
}

test('several threads list the same as one, in the same order', async (t) => {
  const dir = tempDir(t)
  write(dir, 'there.png')
  const files = Array.from({ length: 12 }, (_, i) =>
    writeBlend(dir, `${i}.blend`, images({ own: `//${i}.png`, there: '//there.png' })),
  )
  const alone = await listWith(1, files)
  assert.deepEqual(await listWith(3, files), alone)
  assert.equal(alone.length, 12)
  assert.ok(alone.every((listing, i) => listing.isLacking && listing.text.includes(`/${i}.png`)))
})

test('a file that cannot be read ends the list there, in whichever thread it is met', async (t) => {
  const dir = tempDir(t)
  const good = Array.from({ length: 8 }, (_, i) => writeBlend(dir, `${i}.blend`, []))
  const bad = write(dir, 'bad.blend', 'BLENDER-v403')
  for (const threads of [1, 3]) {
    const seen: Listing[] = []
    const list = async (): Promise<void> => {
      const files = [...good.slice(0, 5), bad, ...good.slice(5)]
      for await (const listing of listMany(files, options, {
        threads,
        worthMs: Number.NEGATIVE_INFINITY,
      }))
        seen.push(listing)
    }
    await assert.rejects(list(), { code: 'BLEND_TRUNCATED', message: /bad\.blend/ })
    assert.equal(seen.length, 5)
  }
})
