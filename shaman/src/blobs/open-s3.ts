import { S3Client } from '@aws-sdk/client-s3'
import { ShamanError } from '../errors.ts'
import type { BlobStore } from './blob-store.ts'
import { createS3BlobStore } from './s3-blob-store.ts'

export { createS3BlobStore, type S3BlobStoreOptions } from './s3-blob-store.ts'

/**
 * Opens blobs in object storage by `s3://BUCKET` or `s3://BUCKET/PREFIX`, with time limits on every request. Keys, region and a
 * server other than AWS (`AWS_ENDPOINT_URL_S3`) come from the environment, as for every program that uses S3. Throws
 * `REQUEST_INVALID` for another place.
 */
export function openS3(place: string, env: NodeJS.ProcessEnv = process.env): BlobStore {
  const [, bucket, rest = ''] =
    /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(place) ?? []
  if (bucket === undefined) throw notAPlace(place)
  const prefix = rest === '' || rest.endsWith('/') ? rest : `${rest}/`
  const endpoint = env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL
  const client = new S3Client({
    // Servers of one's own take any region.
    region: env.AWS_REGION ?? 'us-east-1',
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    // Older servers do not know the checksums that newer SDKs send; the digest is compared in any case.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 4,
    requestHandler: { connectionTimeout: 10_000, socketTimeout: 60_000 },
  })
  return createS3BlobStore({ client, bucket, prefix })
}

function notAPlace(place: string): ShamanError {
  return new ShamanError('REQUEST_INVALID', `${JSON.stringify(place)} is no place for blobs`, {
    hint: 'Name a bucket as s3://BUCKET or s3://BUCKET/PREFIX, and its server in AWS_ENDPOINT_URL_S3.',
  })
}
