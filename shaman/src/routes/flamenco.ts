import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { parseDigest, plainDigest } from '../digest.ts'
import { ShamanError } from '../errors.ts'
import { firstOfEach } from '../requirements.ts'
import {
  ShamanCheckout,
  ShamanCheckoutResult,
  ShamanRequirementsRequest,
  ShamanRequirementsResponse,
  ShamanSingleFileStatus,
} from '../schemas.ts'
import type { Shaman } from '../shaman.ts'
import { clientOf, readCanDefer, readOriginalName } from './headers.ts'
import { refuse } from './problems.ts'
import { answerEarly, rawBody } from './raw-body.ts'

// 200,000 files with long paths.
const jsonLimit = 64 << 20
const tags = ['shaman']

const FileParams = Type.Object({
  checksum: Type.String({ description: 'SHA-256 in lower-case hex' }),
  filesize: Type.String({ description: 'bytes' }),
})
const CheckoutHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 255,
      description: "the client's name for this request",
    }),
  ),
})
type FileParams = Static<typeof FileParams>

/** The four operations of Flamenco's API. */
export function flamencoRoutes(plain: FastifyInstance, shaman: Shaman): void {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>()
  const { negotiator, checkouts } = shaman

  app.post(
    '/checkout/requirements',
    {
      bodyLimit: jsonLimit,
      schema: {
        operationId: 'shamanCheckoutRequirements',
        summary: 'Tell which files of a submission the store does not hold',
        tags,
        body: ShamanRequirementsRequest,
        response: { 200: ShamanRequirementsResponse },
      },
    },
    async (request, reply) => {
      const files = firstOfEach(request.body.files)
      const statuses = await negotiator.statuses(files, 'disk')
      void reply.header('x-shaman-lease-seconds', Math.floor(shaman.leaseMs / 1000))
      const missing = files.flatMap(({ sha, size, path }, i) => {
        const status = statuses[i]!
        return status === 'stored' ? [] : [{ sha, size, path, status }]
      })
      return { files: missing }
    },
  )

  app.post(
    '/checkout/create',
    {
      bodyLimit: jsonLimit,
      schema: {
        operationId: 'shamanCheckout',
        summary: 'Make a checkout of files that are all in the store',
        description:
          'A request with an Idempotency-Key is answered with the checkout that it made before, if it did. One with an X-Shaman-Client may be sent before all that this client claimed has arrived.',
        tags,
        headers: CheckoutHeaders,
        body: ShamanCheckout,
        response: { 200: ShamanCheckoutResult },
      },
    },
    async (request) => {
      const { files, checkoutPath } = request.body
      const key = request.headers['idempotency-key']
      const sender = clientOf(request)
      const { path } = await checkouts.create({ path: checkoutPath, files, key, sender })
      return { checkoutPath: path }
    },
  )

  app.get(
    '/files/:checksum/:filesize',
    {
      schema: {
        operationId: 'shamanFileStoreCheck',
        summary: 'Tell whether the store holds a file',
        tags,
        params: FileParams,
        response: { 200: ShamanSingleFileStatus },
      },
    },
    async (request) => {
      const digest = parseDigest(request.params.checksum, request.params.filesize)
      return { status: negotiator.status(digest) }
    },
  )

  app.post(
    '/files/:checksum/:filesize',
    {
      schema: {
        operationId: 'shamanFileStore',
        summary: 'Store a file',
        description: 'The body is the file; it is streamed and may be empty.',
        tags,
        params: FileParams,
      },
    },
    (request, reply) => storeFile(shaman, request.params, request, reply),
  )
}

async function storeFile(
  shaman: Shaman,
  params: FileParams,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  try {
    return answerEarly(request, reply, await receiveFile(shaman, params, request))
  } catch (error) {
    return refuse(error, request, reply)
  }
}

async function receiveFile(
  { negotiator, inFlight, places, blobs, unverified, stallMs }: Shaman,
  params: FileParams,
  request: FastifyRequest,
): Promise<204 | 208> {
  const digest = parseDigest(params.checksum, params.filesize)
  const name = readOriginalName(request)
  const canDefer = readCanDefer(request)
  await unverified.read([digest])
  const present = negotiator.status(digest)
  if (present === 'stored') return 208
  if (present === 'uploading' && canDefer) {
    throw new ShamanError('UPLOAD_DEFERRED', 'another client is uploading this file right now', {
      detail: plainDigest(digest),
    })
  }
  const leave = places.take()
  const upload = inFlight.begin(digest)
  let outcome: 'stored' | 'failed' = 'failed'
  try {
    const body = rawBody(request, { signal: upload.overtaken, copied: true, stallMs })
    const put = await blobs.put(digest, body).catch((error: unknown) => {
      if (upload.overtaken.aborted) return 'already-stored' as const
      throw error
    })
    outcome = 'stored'
    request.log.debug({ sha: digest.sha, size: digest.size, name, put }, 'blob received')
    return put === 'stored' ? 204 : 208
  } finally {
    upload.end(outcome)
    leave()
  }
}
