import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ListOptions } from '../../src/list/list.ts'
import { type Listed, listMany } from '../../src/list/list-many.ts'
import { images, tempDir, write, writeBlend } from '../project-builder.ts'

const options: ListOptions = { as: 'json', trace: { all: false } }

async function listWith(threads: number, files: readonly string[]): Promise<Listed[]> {
  const listed: Listed[] = []
  const crew = { threads, worthMs: Number.NEGATIVE_INFINITY }
  for await (const one of listMany(files, options, crew)) listed.push(one)
  return listed
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
  alone.forEach((one, i) => {
    assert.ok('listing' in one && one.listing.isLacking)
    assert.match(one.listing.text, new RegExp(`/${i}\\.png`))
  })
})

test('a file that cannot be read is told in its turn, in whichever thread it is met', async (t) => {
  const dir = tempDir(t)
  const good = Array.from({ length: 8 }, (_, i) => writeBlend(dir, `${i}.blend`, []))
  const bad = write(dir, 'bad.blend', 'BLENDER-v403')
  const files = [...good.slice(0, 5), bad, ...good.slice(5)]
  for (const threads of [1, 3]) {
    const listed = await listWith(threads, files)
    assert.deepEqual(
      listed.map((one) => [one.blend, 'problem' in one && one.problem.code]),
      files.map((file) => [file, file === bad && 'BLEND_TRUNCATED']),
    )
    const [problem] = listed.flatMap((one) => ('problem' in one ? [one.problem] : []))
    assert.match(problem?.message ?? '', /bad\.blend: The file ends too early/)
    assert.ok(problem?.hint)
  }
})
