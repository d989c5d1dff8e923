import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { type Digest, digestBytes, readDigest, withKey } from '../digest.ts'
import { ShamanError } from '../errors.ts'
import type { BlobStatus } from '../requirements.ts'
import type { Shaman } from '../shaman.ts'
import { digestListType, maxFilesPerRequest, statusBytes } from '../wire.ts'
import { clientOf } from './headers.ts'

const maxWaitSeconds = 20
const windowLength = 1024

/** Requirements in 40-byte records: a quarter of the JSON, and nothing to parse. */
export function requirementsRoutes(app: FastifyInstance, shaman: Shaman): void {
  app.addContentTypeParser(
    digestListType,
    { parseAs: 'buffer', bodyLimit: maxFilesPerRequest * digestBytes },
    (_request, body, done) => done(null, body),
  )
  app.post(
    '/x/requirements',
    {
      schema: {
        operationId: 'shamanRequirements',
        summary: 'Where each of many blobs stands, in one byte each',
        description:
          'The answer has a byte for each record: 0 unknown (the asking client has it to itself for now), 1 being uploaded by another client, 2 stored and leased. The first bytes come while the rest is looked at. With ?wait=<seconds> it waits for others to finish.',
        tags: ['shaman'],
        consumes: [digestListType],
      },
    },
    async (request, reply) => {
      const digests = decodeDigests(request.body)
      const client = clientOf(request)
      const wait = Number((request.query as { wait?: string }).wait ?? 0)
      if (wait > 0) await waitForOthers(shaman, client, digests, Math.min(wait, maxWaitSeconds))
      reply
        .header('x-shaman-lease-seconds', Math.floor(shaman.leaseMs / 1000))
        .type('application/octet-stream')
      if (digests.length <= windowLength)
        return reply.send(await statusesOf(shaman, client, digests))
      return reply.send(Readable.from(inWindows(shaman, client, digests), { objectMode: false }))
    },
  )
  app.delete(
    '/x/claims/:client',
    {
      schema: {
        operationId: 'shamanReleaseClaims',
        summary: 'Give up what a client has claimed, so that others need not wait for it',
        tags: ['shaman'],
      },
    },
    async (request, reply) => {
      shaman.claims.release((request.params as { client: string }).client)
      return reply.code(204).send()
    },
  )
}

/** The answers for the first files, which a client can begin to send, are there before the last have been looked at. */
async function* inWindows(
  shaman: Shaman,
  client: string,
  digests: readonly Digest[],
): AsyncGenerator<Buffer> {
  for (let at = 0; at < digests.length; at += windowLength) {
    yield await statusesOf(shaman, client, digests.slice(at, at + windowLength))
  }
}

async function statusesOf(
  shaman: Shaman,
  client: string,
  digests: readonly Digest[],
): Promise<Buffer> {
  const statuses = await shaman.negotiator.statuses(digests, 'index')
  return Buffer.from(
    statuses.map((status, i) => statusBytes[claimed(shaman, client, status, digests[i]!)]),
  )
}

/** For what others have claimed, and then for what is under way without a claim, as when its client gave up meanwhile. */
async function waitForOthers(
  { claims, inFlight }: Shaman,
  client: string,
  digests: readonly Digest[],
  seconds: number,
): Promise<void> {
  const begun = performance.now()
  await claims.waitFor(client, digests, seconds * 1000)
  await inFlight.settled(digests, Math.max(0, seconds * 1000 - (performance.now() - begun)))
}

function claimed(shaman: Shaman, client: string, status: BlobStatus, digest: Digest): BlobStatus {
  if (status !== 'unknown' || client === '') return status
  return shaman.claims.claim(client, digest) ? 'unknown' : 'uploading'
}

/** Reads a list of 40-byte records. */
export function decodeDigests(body: unknown): Digest[] {
  if (!Buffer.isBuffer(body) || body.length % digestBytes !== 0) {
    throw new ShamanError(
      'REQUEST_INVALID',
      `a digest list has ${digestBytes} bytes for each digest`,
    )
  }
  return Array.from({ length: body.length / digestBytes }, (_, i) =>
    withKey(readDigest(body, i * digestBytes)),
  )
}
