import { testBlobStore } from '../../src/conformance.ts'
import { openTestShaman } from '../support/farm.ts'
import { startS3 } from '../support/s3.ts'

testBlobStore('S3 blob store', async (t) => ({ store: (await startS3(t)).blobsIn }))

testBlobStore('file blob store with its bytes in S3', async (t) => {
  const { blobsIn } = await startS3(t)
  return { store: (await openTestShaman(t, { blobsIn })).blobs }
})
