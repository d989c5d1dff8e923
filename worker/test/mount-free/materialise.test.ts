import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Digest, digestOf } from '@shaman-farm/shaman/digest'
import type { Hold } from '../../src/mount-free/blob-cache.ts'
import { materialise } from '../../src/mount-free/materialise.ts'
import { tempDir } from '../temp.ts'

async function holdOf(
  dir: string,
  texts: readonly string[],
): Promise<{ hold: Hold; digests: Digest[] }> {
  const digests = texts.map((text) => digestOf(Buffer.from(text)))
  await mkdir(dir, { recursive: true })
  for (const [i, { sha }] of digests.entries()) await writeFile(join(dir, sha), texts[i]!)
  return { digests, hold: { pathOf: ({ sha }) => join(dir, sha), fetchedBytes: 0, release() {} } }
}

test('a checkout has its files in their folders, and an older one of the name is gone', async (t) => {
  const dir = await tempDir(t)
  const { hold, digests } = await holdOf(join(dir, 'blobs'), ['one', 'two'])
  const target = join(dir, 'checkouts', 'x')
  await mkdir(join(target, 'old'), { recursive: true })
  const files = [
    { ...digests[0]!, path: 'a/tëx #1.png' },
    { ...digests[1]!, path: 'b.blend' },
    { ...digests[0]!, path: 'a/same again.png' },
  ]
  await materialise(files, hold, target)
  assert.deepEqual((await readdir(target, { recursive: true })).sort(), [
    'a',
    'a/same again.png',
    'a/tëx #1.png',
    'b.blend',
  ])
  assert.equal(await readFile(join(target, 'a/tëx #1.png'), 'utf8'), 'one')
  assert.deepEqual(await readdir(join(dir, 'checkouts')), ['x'])
})

for (const path of ['../x', 'a/../../x', '/etc/x', 'C:/x', 'a\\..\\x', 'a//x', './x', '', 'a\0b']) {
  test(`a manifest naming ${JSON.stringify(path)} is refused and nothing is made`, async (t) => {
    const dir = await tempDir(t)
    const { hold, digests } = await holdOf(join(dir, 'blobs'), ['one'])
    await assert.rejects(materialise([{ ...digests[0]!, path }], hold, join(dir, 'out')), /unsafe/)
    assert.ok(!(await readdir(dir)).includes('out'))
  })
}
