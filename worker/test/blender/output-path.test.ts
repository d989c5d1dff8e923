import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { existingFrames, frameStem, isFileOfFrame } from '../../src/blender/output-path.ts'
import { tempDir } from '../temp.ts'

// As Blender 4.3 was seen to name files.
test('the last run of hashes in the file name is the frame; without any, four digits are added', () => {
  assert.equal(frameStem('/o/x_###', 2), '/o/x_002')
  assert.equal(frameStem('/o/noh', 1), '/o/noh0001')
  assert.equal(frameStem('/o/a##_b###', 3), '/o/a##_b003')
  assert.equal(frameStem('/o##/####.foo', 3), '/o##/0003.foo')
  assert.equal(frameStem('/o/##', 12345), '/o/12345')
})

test('files of a frame may have a view and an extension, but no further digits', () => {
  const is = (name: string): boolean => isFileOfFrame(`/out/${name}`, '/out/fr-###', 1)
  for (const name of ['fr-001.png', 'fr-001', 'fr-001_L.exr']) assert.ok(is(name), name)
  for (const name of ['fr-0010.png', 'fr-001_2.png', 'fr-002.png', 'xfr-001.png']) {
    assert.ok(!is(name), name)
  }
  assert.ok(isFileOfFrame('C:\\out\\fr-001.png', 'C:\\out\\fr-###', 1))
})

test('existing frames are found beside files that are not theirs', async (t) => {
  const dir = await tempDir(t)
  for (const name of ['fr-01.png', 'fr-01_L.png', 'fr-03.png', 'fr-011.png', 'notes.txt']) {
    await writeFile(join(dir, name), 'x')
  }
  const found = await existingFrames(join(dir, 'fr-##'), [1, 2, 3])
  assert.deepEqual(
    found.map(({ frame, files }) => [frame, files.length]),
    [
      [1, 2],
      [3, 1],
    ],
  )
  assert.deepEqual(await existingFrames('//relative/##', [1]), [])
})
