import { join } from 'node:path'
import { testBlobStore } from '../../src/conformance.ts'
import { leaveAsFlamenco, openTestShaman, randomBlob, tempDir } from '../support/farm.ts'

for (const durability of ['full', 'batch', 'none'] as const) {
  testBlobStore(`file blob store, ${durability}`, async (t) => {
    const shaman = await openTestShaman(t, { durability })
    return { store: shaman.blobs }
  })
}

testBlobStore("file blob store in Flamenco's layout", async (t) => {
  const root = join(await tempDir(t), 'storage')
  const left = randomBlob(10)
  await leaveAsFlamenco(root, [left])
  const shaman = await openTestShaman(t, { root })
  await shaman.blobs.delete(left.digest)
  return { store: shaman.blobs }
})
