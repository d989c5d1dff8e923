import { Readable } from 'node:stream'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { createHasher, type Digest, parseDigest, plainDigest } from '../digest.ts'
import { ShamanError } from '../errors.ts'
import type { BlobStore, ByteRange, PutOutcome } from './blob-store.ts'
import { verifyDigest } from './temp-file.ts'

/** Which bucket holds the blobs, and how to reach it. */
export interface S3BlobStoreOptions {
  client: S3Client
  bucket: string
  /** Put before every key, such as `farm/`. */
  prefix?: string
}

// A part of a multipart upload is at least 5 MiB, and there are at most 10,000 of them.
const partBytes = 8 << 20
const maxParts = 10_000

/**
 * Blobs as objects of an S3-compatible store. An object becomes visible whole or not at all, which here stands for rename:
 * small blobs are compared before they are sent, large ones before their parts are joined.
 */
export function createS3BlobStore(options: S3BlobStoreOptions): BlobStore {
  const { client, bucket: Bucket, prefix = '' } = options
  const keyOf = ({ sha, size }: Digest): string =>
    `${prefix}blobs/${sha.slice(0, 2)}/${sha.slice(2)}/${size}`

  const store: BlobStore = {
    kind: 's3',
    place: `s3://${Bucket}/${prefix}`,
    async has(digest) {
      try {
        const head = await client.send(new HeadObjectCommand({ Bucket, Key: keyOf(digest) }))
        return head.ContentLength === digest.size
      } catch (error) {
        if (isAbsent(error)) return false
        throw error
      }
    },
    async put(digest, bytes) {
      if (await store.has(digest)) return await compareOnly(digest, bytes)
      return digest.size <= partBytes ? putWhole(digest, bytes) : putInParts(digest, bytes)
    },
    async open(digest, range) {
      checkRange(digest, range)
      try {
        const Range = range && `bytes=${range.first}-${range.last}`
        const answer = await client.send(
          new GetObjectCommand({ Bucket, Key: keyOf(digest), ...(Range && { Range }) }),
        )
        return answer.Body instanceof Readable ? answer.Body : Readable.from([])
      } catch (error) {
        if (isAbsent(error)) throw missing(digest)
        throw error
      }
    },
    async delete(digest) {
      if (!(await store.has(digest))) return false
      await client.send(new DeleteObjectCommand({ Bucket, Key: keyOf(digest) }))
      return true
    },
    async *list() {
      let ContinuationToken: string | undefined
      do {
        const page = await client.send(
          new ListObjectsV2Command({
            Bucket,
            Prefix: `${prefix}blobs/`,
            ...(ContinuationToken && { ContinuationToken }),
          }),
        )
        for (const { Key } of page.Contents ?? []) {
          const match = /([0-9a-f]{2})\/([0-9a-f]{62})\/(\d+)$/.exec(Key ?? '')
          if (match) yield parseDigest(`${match[1]}${match[2]}`, match[3])
        }
        ContinuationToken = page.NextContinuationToken
      } while (ContinuationToken)
    },
  }
  return store

  async function putWhole(digest: Digest, bytes: AsyncIterable<Uint8Array>): Promise<PutOutcome> {
    const hasher = createHasher()
    const chunks: Uint8Array[] = []
    for await (const chunk of withinSize(digest, bytes)) {
      hasher.update(chunk)
      chunks.push(chunk)
    }
    verifyDigest(hasher.digest(), digest)
    const Body = Buffer.concat(chunks)
    await client.send(
      new PutObjectCommand({ Bucket, Key: keyOf(digest), Body, ContentLength: Body.length }),
    )
    return 'stored'
  }

  async function putInParts(digest: Digest, bytes: AsyncIterable<Uint8Array>): Promise<PutOutcome> {
    const target = { Bucket, Key: keyOf(digest) }
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(target))
    const upload = { ...target, UploadId }
    try {
      const hasher = createHasher()
      const Parts: { ETag: string | undefined; PartNumber: number }[] = []
      const size = Math.max(partBytes, Math.ceil(digest.size / maxParts))
      for await (const Body of inParts(withinSize(digest, bytes), size)) {
        hasher.update(Body)
        const PartNumber = Parts.length + 1
        const { ETag } = await client.send(new UploadPartCommand({ ...upload, PartNumber, Body }))
        Parts.push({ ETag, PartNumber })
      }
      verifyDigest(hasher.digest(), digest)
      await client.send(
        new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }),
      )
      return 'stored'
    } catch (error) {
      // What cannot be aborted now, the bucket's own rule for unfinished uploads removes.
      await client.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined)
      throw error
    }
  }
}

async function compareOnly(digest: Digest, bytes: AsyncIterable<Uint8Array>): Promise<PutOutcome> {
  const hasher = createHasher()
  for await (const chunk of withinSize(digest, bytes)) hasher.update(chunk)
  verifyDigest(hasher.digest(), digest)
  return 'already-stored'
}

async function* withinSize(
  digest: Digest,
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let received = 0
  for await (const chunk of bytes) {
    received += chunk.byteLength
    if (received > digest.size) {
      throw new ShamanError('BLOB_SIZE_MISMATCH', `received more than ${digest.size} bytes`)
    }
    yield chunk
  }
}

async function* inParts(bytes: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Buffer> {
  let gathered: Uint8Array[] = []
  let filled = 0
  for await (const chunk of bytes) {
    let rest = chunk
    while (filled + rest.byteLength >= size) {
      gathered.push(rest.subarray(0, size - filled))
      rest = rest.subarray(size - filled)
      yield Buffer.concat(gathered)
      gathered = []
      filled = 0
    }
    gathered.push(rest)
    filled += rest.byteLength
  }
  if (filled > 0) yield Buffer.concat(gathered)
}

function checkRange(digest: Digest, range: ByteRange | undefined): void {
  if (!range) return
  if (range.first >= 0 && range.first <= range.last && range.last < digest.size) return
  throw new ShamanError(
    'RANGE_INVALID',
    `bytes ${range.first}-${range.last} are not within the blob`,
  )
}

function isAbsent(error: unknown): boolean {
  const { name, $metadata } = error as { name?: string; $metadata?: { httpStatusCode?: number } }
  return name === 'NotFound' || name === 'NoSuchKey' || $metadata?.httpStatusCode === 404
}

function missing(digest: Digest): ShamanError {
  return new ShamanError('BLOB_MISSING', 'the store does not hold this blob', {
    detail: plainDigest(digest),
  })
}
