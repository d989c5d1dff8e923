import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import { type Digest, parseDigest } from '../digest.ts'
import { isCode, ShamanError } from '../errors.ts'
import type { Shaman } from '../shaman.ts'
import { clientOf } from './headers.ts'
import { refuse } from './problems.ts'
import { answerEarly, rawBody } from './raw-body.ts'

const Params = Type.Object({
  sha: Type.String(),
  size: Type.String(),
  client: Type.String({ pattern: '^[\\w-]{1,64}$' }),
})
const tags = ['shaman']
const url = '/x/uploads/:sha/:size/:client'

/**
 * Uploads that survive a lost connection and a stopped server or client. The address follows from the digest and the
 * client's name for itself, so nothing has to be created or remembered. Offsets as in the IETF's resumable uploads.
 */
export function resumableRoutes(plain: FastifyInstance, shaman: Shaman): void {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>()
  const { partials, inFlight, places, negotiator, unverified } = shaman

  app.head(
    url,
    {
      schema: {
        operationId: 'shamanUploadOffset',
        summary: 'How much has arrived',
        tags,
        params: Params,
      },
    },
    async (request, reply) => {
      const digest = digestOf(request.params)
      await unverified.read([digest])
      const isStored = negotiator.status(digest) === 'stored'
      const offset = isStored ? digest.size : await partials.offset(digest, request.params.client)
      return reply.headers(offsetHeaders(offset, isStored)).code(204).send()
    },
  )

  app.patch(
    url,
    {
      schema: {
        operationId: 'shamanContinueUpload',
        summary: 'Append to an upload',
        description:
          'Upload-Offset tells where the body begins; 409 tells where it should. 201 once the blob is stored, 208 if it was already, 204 while more is missing.',
        tags,
        params: Params,
      },
    },
    async (request, reply) => {
      const digest = digestOf(request.params)
      const offset = readOffset(request.headers['upload-offset'])
      await unverified.read([digest])
      if (negotiator.status(digest) === 'stored') {
        return answerEarly(request, reply.headers(offsetHeaders(digest.size, true)), 208)
      }
      const upload = inFlight.begin(digest)
      let outcome: 'stored' | 'failed' = 'failed'
      let leave = (): void => {}
      try {
        leave = places.take()
        const { client } = request.params
        const sender = clientOf(request)
        const bytes = rawBody(request, {
          copied: true,
          stallMs: shaman.stallMs,
          // An upload that moves keeps its client's claims alive.
          onPiece: () => shaman.claims.touch(sender),
        })
        const result = await partials.append({ digest, client, offset, bytes })
        const isStored = result.outcome !== undefined
        if (isStored) outcome = 'stored'
        void reply.headers(offsetHeaders(result.offset, isStored))
        return reply.code(isStored ? (result.outcome === 'stored' ? 201 : 208) : 204).send()
      } catch (error) {
        if (isCode(error, 'OFFSET_MISMATCH')) {
          const expected = (error as ShamanError).detail.offset as number
          void reply.headers(offsetHeaders(expected, false))
        }
        return refuse(error, request, reply)
      } finally {
        upload.end(outcome)
        leave()
      }
    },
  )

  app.delete(
    url,
    {
      schema: {
        operationId: 'shamanDropUpload',
        summary: 'Give an upload up',
        tags,
        params: Params,
      },
    },
    async (request, reply) => {
      await partials.discard(digestOf(request.params), request.params.client)
      return reply.code(204).send()
    },
  )
}

function digestOf(params: Static<typeof Params>): Digest {
  return parseDigest(params.sha, params.size)
}

function readOffset(value: string | string[] | undefined): number {
  if (typeof value === 'string' && /^\d{1,16}$/.test(value)) return Number(value)
  throw new ShamanError('REQUEST_INVALID', 'Upload-Offset is missing or not a number')
}

function offsetHeaders(offset: number, isComplete: boolean): Record<string, string> {
  return {
    'upload-offset': String(offset),
    'upload-complete': isComplete ? '?1' : '?0',
    'cache-control': 'no-store',
  }
}
