import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { S3Client } from '@aws-sdk/client-s3'
import { createS3BlobStore } from '../../src/blobs/s3-blob-store.ts'
import { testBlobStore } from '../../src/conformance.ts'
import { tempDir } from '../support/farm.ts'

interface S3rver {
  run(): Promise<AddressInfo>
  close(): Promise<void>
}

const S3rverClass = createRequire(import.meta.url)('s3rver') as new (
  options: Record<string, unknown>,
) => S3rver

// A server of its own for each test; it speaks the protocol over HTTP and keeps its objects in files.
testBlobStore('S3 blob store', async (t) => {
  const server = new S3rverClass({
    address: '127.0.0.1',
    port: 0,
    silent: true,
    directory: await tempDir(t),
    configureBuckets: [{ name: 'farm' }],
  })
  const { port } = await server.run()
  const client = new S3Client({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
    // Older servers do not know the checksums that newer SDKs send; the digest is compared in any case.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
  return {
    store: createS3BlobStore({ client, bucket: 'farm', prefix: 'test/' }),
    close: async () => {
      client.destroy()
      await server.close()
    },
  }
})
