import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { ByteRange } from '../blobs/blob-store.ts'
import { parseDigest } from '../digest.ts'
import { ShamanError } from '../errors.ts'
import type { Shaman } from '../shaman.ts'

const DigestParams = Type.Object({ sha: Type.String(), size: Type.String() })

/** Download of blobs: what a digest names never changes, so it may be cached for ever. */
export function blobRoutes(plain: FastifyInstance, shaman: Shaman): void {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>()
  app.get(
    '/x/blobs/:sha/:size',
    {
      schema: {
        operationId: 'shamanBlob',
        summary: 'Fetch a blob, or a range of it',
        tags: ['shaman'],
        params: DigestParams,
      },
    },
    async (request, reply) => {
      const digest = parseDigest(request.params.sha, request.params.size)
      const etag = `"${digest.sha}"`
      void reply
        .header('etag', etag)
        .header('cache-control', 'public, max-age=31536000, immutable')
        .header('accept-ranges', 'bytes')
        .type('application/octet-stream')
      if (shaman.negotiator.status(digest) !== 'stored') throw missing()
      if (request.headers['if-none-match']?.includes(etag)) return reply.code(304).send()
      const range = rangeOf(request.headers, digest.size, etag)
      const unpin = shaman.protection.pin([digest])
      const bytes = await shaman.blobs.open(digest, range).finally(unpin)
      if (!range) return reply.header('content-length', digest.size).send(bytes)
      return reply
        .code(206)
        .header('content-length', range.last - range.first + 1)
        .header('content-range', `bytes ${range.first}-${range.last}/${digest.size}`)
        .send(bytes)
    },
  )
}

/** One range of RFC 9110; several at once are answered with the whole, as the RFC allows. */
function rangeOf(
  headers: { range?: string | undefined; 'if-range'?: string | string[] | undefined },
  size: number,
  etag: string,
): ByteRange | undefined {
  const ifRange = headers['if-range']
  const match = /^bytes=(\d*)-(\d*)$/.exec(headers.range ?? '')
  if (!match || (match[1] === '' && match[2] === '')) return undefined
  if (ifRange !== undefined && ifRange !== etag) return undefined
  const isSuffix = match[1] === ''
  const first = isSuffix ? Math.max(0, size - Number(match[2])) : Number(match[1])
  const last = isSuffix || match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1)
  if (first <= last && first < size) return { first, last }
  throw new ShamanError('RANGE_INVALID', `the range ${headers.range} is not within ${size} bytes`)
}

function missing(): ShamanError {
  return new ShamanError('BLOB_MISSING', 'the store does not hold this blob')
}
