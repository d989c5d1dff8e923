import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import type { PutOutcome } from '../blobs/blob-store.ts'
import { type Digest, parseDigest } from '../digest.ts'
import { ShamanError } from '../errors.ts'
import { answerProblem, refuse } from '../routes/problems.ts'
import { answerEarly, rawBody } from '../routes/raw-body.ts'
import type { ShamanProblem } from '../schemas.ts'
import type { Shaman } from '../shaman.ts'
import { isChunkAlgorithm } from './algorithms.ts'
import { createBaseFinder } from './base-finder.ts'
import { createChunkHasher } from './chunk-and-hash.ts'
import { chunkMapMediaType, encodeChunkMap } from './chunk-map.ts'
import { type ChunkMapCache, createChunkMapCache } from './chunk-map-cache.ts'
import { DeltaError, type DeltaErrorCode } from './errors.ts'
import { createFramePacker } from './frame-packer.ts'
import { type SpliceParts, splice } from './splice.ts'

const tags = ['shaman']

const BlobParams = Type.Object({
  checksum: Type.String({ description: 'SHA-256 in lower-case hex' }),
  filesize: Type.String({ description: 'bytes' }),
})
type BlobParams = Static<typeof BlobParams>

const ChunkMapQuery = Type.Object({
  alg: Type.String({
    description:
      'blend1, fastcdc16, fastcdc64, frames1 or blocks1 (which a file without frames answers as blend1)',
  }),
})
type ChunkMapQuery = Static<typeof ChunkMapQuery>

const BasesQuery = Type.Object({
  path: Type.String({ maxLength: 4096, description: 'path of the file in its checkout' }),
})
type BasesQuery = Static<typeof BasesQuery>

const Bases = Type.Object({
  bases: Type.Array(Type.Object({ sha: Type.String(), size: Type.Integer() })),
})

const statusOf = {
  CHUNK_MAP_INVALID: 500,
  RECIPE_INVALID: 400,
  RECIPE_TOO_LARGE: 413,
  BASES_MISSING: 409,
  BASE_CHANGED: 500,
  SPLICES_BUSY: 503,
} satisfies Record<DeltaErrorCode, number>

/**
 * Recipes worked on at once. Each holds its ops, its dictionary and a decoder, 40 MiB at worst; whoever finds all places
 * taken asks again, and sends the whole file in the end.
 */
export const mostSplices = 16

/** Uploads as recipes, the chunk maps that recipes are made with, and which blob to start from. */
export function deltaRoutes(plain: FastifyInstance, shaman: Shaman): void {
  // A scope of its own, since its problems are answered with more than a message.
  void plain.register(async (app) => {
    app.setErrorHandler(answerDeltaProblem)
    const hasher = createChunkHasher()
    const packer = createFramePacker()
    app.addHook('onClose', async () => {
      await hasher.close()
      await packer.close()
    })
    spliceRoute(app, { shaman, packer })
    chunkMapRoute(app, shaman, createChunkMapCache(shaman, hasher))
    basesRoute(app, shaman)
  })
}

function spliceRoute(app: FastifyInstance, parts: SpliceParts): void {
  let running = 0
  const inPlace = async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= mostSplices) {
      throw new DeltaError('SPLICES_BUSY', 'The store puts other files together; ask again', {
        running,
      })
    }
    running += 1
    try {
      return await work()
    } finally {
      running -= 1
    }
  }
  app.post<{ Params: BlobParams }>(
    '/x/splice/:checksum/:filesize',
    {
      schema: {
        operationId: 'shamanSplice',
        summary: 'Store a file by telling what it shares with stored ones',
        description:
          'The body is a recipe. 204 stored, 208 already stored, 409 names bases that are gone, 413 a recipe that is too large, 417 another checksum: send the whole file. 503 too many at once: ask again.',
        tags,
        params: BlobParams,
      },
    },
    (request, reply) => receiveSplice(parts, request, reply, inPlace),
  )
}

function chunkMapRoute(app: FastifyInstance, shaman: Shaman, maps: ChunkMapCache): void {
  app.get<{ Params: BlobParams; Querystring: ChunkMapQuery }>(
    '/x/chunkmap/:checksum/:filesize',
    {
      schema: {
        operationId: 'shamanChunkMap',
        summary: 'Tell how a stored file is cut into chunks',
        tags,
        params: BlobParams,
        querystring: ChunkMapQuery,
      },
    },
    async (request, reply) => {
      const digest = parseDigest(request.params.checksum, request.params.filesize)
      const { alg } = request.query
      if (!isChunkAlgorithm(alg)) {
        throw new ShamanError('REQUEST_INVALID', 'no such chunk algorithm', { detail: { alg } })
      }
      const map = await maps.get(digest, alg)
      shaman.protection.lease([digest])
      return reply
        .header('content-type', chunkMapMediaType)
        .header('cache-control', 'public, max-age=31536000, immutable')
        .send(Buffer.from(encodeChunkMap(map)))
    },
  )
}

function basesRoute(app: FastifyInstance, shaman: Shaman): void {
  const finder = createBaseFinder(shaman.catalog)
  app.get<{ Querystring: BasesQuery }>(
    '/x/bases',
    {
      schema: {
        operationId: 'shamanBases',
        summary: 'Tell which stored files were last submitted under a path or name',
        tags,
        querystring: BasesQuery,
        response: { 200: Bases },
      },
    },
    async (request) => {
      const found = await finder.find(request.query.path)
      const bases = found.filter((digest) => shaman.blobs.isStored(digest))
      shaman.protection.lease(bases)
      return { bases }
    },
  )
}

async function receiveSplice(
  parts: SpliceParts,
  request: FastifyRequest<{ Params: BlobParams }>,
  reply: FastifyReply,
  inPlace: (work: () => Promise<PutOutcome>) => Promise<PutOutcome>,
): Promise<FastifyReply> {
  try {
    const digest = parseDigest(request.params.checksum, request.params.filesize)
    await parts.shaman.unverified.read([digest])
    const outcome =
      parts.shaman.negotiator.status(digest) === 'stored'
        ? 'already-stored'
        : await inPlace(() => spliceOnce(parts, digest, request))
    return answerEarly(request, reply, outcome === 'stored' ? 204 : 208)
  } catch (error) {
    if (!(error instanceof DeltaError)) return refuse(error, request, reply)
    const problem = problemOfDelta(error, request)
    if (problem.code === 503) void reply.header('retry-after', 1)
    return answerEarly(request, reply, problem.code, problem)
  }
}

async function spliceOnce(
  parts: SpliceParts,
  digest: Digest,
  request: FastifyRequest,
): Promise<PutOutcome> {
  const upload = parts.shaman.inFlight.begin(digest)
  let end: 'stored' | 'failed' = 'failed'
  try {
    const body = rawBody(request, { signal: upload.overtaken })
    const outcome = await splice(parts, digest, body).catch((error: unknown) => {
      if (upload.overtaken.aborted) return 'already-stored' as const
      throw error
    })
    end = 'stored'
    request.log.debug({ sha: digest.sha, size: digest.size, outcome }, 'blob spliced')
    return outcome
  } finally {
    upload.end(end)
  }
}

function answerDeltaProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  if (!(error instanceof DeltaError)) {
    answerProblem(error, request, reply)
    return
  }
  const problem = problemOfDelta(error, request)
  void reply.code(problem.code).send(problem)
}

function problemOfDelta(
  error: DeltaError,
  request: FastifyRequest,
): ShamanProblem & { missing_bases?: unknown } {
  const code = statusOf[error.code]
  if (code === 500) request.log.error({ err: error }, 'delta request failed')
  const missing = error.code === 'BASES_MISSING' ? { missing_bases: error.detail.missing } : {}
  return { code, message: error.message, error_code: error.code, ...missing }
}
