import { testBlobStore } from '../../src/conformance.ts'
import { openTestShaman } from '../support/farm.ts'

for (const durability of ['full', 'batch', 'none'] as const) {
  testBlobStore(`file blob store, ${durability}`, async (t) => {
    const shaman = await openTestShaman(t, { durability })
    return { store: shaman.blobs }
  })
}
