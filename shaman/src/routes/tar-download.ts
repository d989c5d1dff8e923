import { pipeline } from 'node:stream/promises'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { type Pack, pack } from 'tar-stream'
import { Type } from 'typebox'
import { type Digest, digestBytes } from '../digest.ts'
import { ShamanError } from '../errors.ts'
import { createFileReader, openStream } from '../file-reader.ts'
import type { Shaman } from '../shaman.ts'
import { type NextSource, tarBytes, tarPieces } from '../tar/pieces.ts'
import { digestListType, maxFilesPerRequest } from '../wire.ts'
import { decodeDigests } from './requirements.ts'
import { sendPieces } from './send-pieces.ts'

interface Wanted {
  name: string
  digest: Digest
}

/** Many blobs in one answer: for workers without the share, and for people who want a checkout as a file. */
export function tarDownloadRoutes(plain: FastifyInstance, shaman: Shaman): void {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>()

  app.post(
    '/x/blobs/get',
    {
      bodyLimit: maxFilesPerRequest * digestBytes,
      schema: {
        operationId: 'shamanBlobs',
        summary: 'Fetch many blobs as a tar stream',
        description: 'Entries are named <sha>/<size>, in the order asked for.',
        tags: ['shaman'],
        consumes: [digestListType],
      },
    },
    async (request, reply) => {
      const digests = decodeDigests(request.body)
      const unpin = await pinStored(shaman, digests)
      const length = tarBytes(digests.map(({ size }) => size))
      const pieces = tarPieces(sourcesOf(shaman, digests))
      void reply.type('application/x-tar').header('content-length', length)
      return sendPieces(reply, pieces, unpin)
    },
  )

  app.get(
    '/x/checkouts/:path/tar',
    {
      schema: {
        operationId: 'shamanCheckoutTar',
        summary: 'A checkout as a tar archive of real files',
        tags: ['shaman'],
        params: Type.Object({ path: Type.String() }),
      },
    },
    async (request, reply) => {
      const { header, files } = await shaman.checkouts.manifest(request.params.path)
      const name = encodeURIComponent(`${header.path.replaceAll('/', '-')}.tar`)
      void reply.header('content-disposition', `attachment; filename*=UTF-8''${name}`)
      return sendTar(
        shaman,
        reply,
        files.map(({ sha, size, path }) => ({ name: path, digest: { sha, size } })),
      )
    },
  )
}

async function sendTar(
  shaman: Shaman,
  reply: FastifyReply,
  wanted: readonly Wanted[],
): Promise<FastifyReply> {
  const unpin = await pinStored(
    shaman,
    wanted.map(({ digest }) => digest),
  )
  const tar = pack()
  void fill(shaman, tar, wanted)
    .catch((error: unknown) => tar.destroy(error as Error))
    .finally(unpin)
  return reply.type('application/x-tar').send(tar)
}

/** Nothing of it is collected until what this answers is called. */
async function pinStored(shaman: Shaman, digests: readonly Digest[]): Promise<() => void> {
  const unpin = shaman.protection.pin(digests)
  const statuses = await shaman.negotiator.statuses(digests, 'disk')
  const missing = statuses.filter((status) => status !== 'stored').length
  if (missing === 0) return unpin
  unpin()
  throw new ShamanError('BLOB_MISSING', `${missing} of the blobs are not in the store`)
}

async function fill(shaman: Shaman, tar: Pack, wanted: readonly Wanted[]): Promise<void> {
  for (const { name, digest } of wanted) {
    if (tar.destroyed) return
    const bytes = await shaman.blobs.open(digest)
    await pipeline(bytes, tar.entry({ name, size: digest.size, mode: 0o644 }))
  }
  tar.finalize()
}

function sourcesOf({ blobs }: Shaman, digests: readonly Digest[]): NextSource {
  const reader = createFileReader()
  let next = 0
  return () => {
    const digest = digests[next++]
    return (
      digest && {
        name: `${digest.sha}/${digest.size}`,
        size: digest.size,
        open: () =>
          blobs.elsewhere ? openStream(blobs.open(digest)) : reader.open(blobs.layout.blob(digest)),
        tooShort: () =>
          new ShamanError('BLOB_SIZE_MISMATCH', 'a blob is shorter than its name says'),
      }
    )
  }
}
