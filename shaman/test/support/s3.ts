import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { openS3 } from '../../src/blobs/open-s3.ts'
import type { BlobStore } from '../../src/main.ts'
import { tempDir } from './farm.ts'

interface S3rver {
  run(): Promise<AddressInfo>
  close(): Promise<void>
}

const S3rverClass = createRequire(import.meta.url)('s3rver') as new (
  options: Record<string, unknown>,
) => S3rver

const keys = { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' }
const place = 's3://farm/test'

/** An S3 server of its own; it speaks the protocol over HTTP and keeps its objects in files. */
export async function startS3(
  t: TestContext,
): Promise<{ place: string; env: NodeJS.ProcessEnv; blobsIn: BlobStore; stop(): Promise<void> }> {
  const server = new S3rverClass({
    address: '127.0.0.1',
    port: 0,
    silent: true,
    directory: await tempDir(t),
    configureBuckets: [{ name: 'farm' }],
  })
  const { port } = await server.run()
  const env = { ...keys, AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}` }
  // The client looks for its keys in the environment of the process.
  Object.assign(process.env, keys)
  let isOpen = true
  const stop = async (): Promise<void> => {
    if (isOpen) await server.close()
    isOpen = false
  }
  t.after(stop)
  return { place, env, blobsIn: openS3(place, env), stop }
}
