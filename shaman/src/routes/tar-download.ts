import { pipeline } from 'node:stream/promises'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { type Pack, pack } from 'tar-stream'
import { Type } from 'typebox'
import { type Digest, digestBytes } from '../digest.ts'
import { ShamanError } from '../errors.ts'
import { digestListType, maxFilesPerRequest } from '../schemas.ts'
import type { Shaman } from '../shaman.ts'
import { decodeDigests } from './requirements.ts'

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
      return sendTar(
        shaman,
        reply,
        digests.map((digest) => ({ name: nameOf(digest), digest })),
      )
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

function nameOf({ sha, size }: Digest): string {
  return `${sha}/${size}`
}

async function sendTar(
  shaman: Shaman,
  reply: FastifyReply,
  wanted: readonly Wanted[],
): Promise<FastifyReply> {
  const digests = wanted.map((one) => one.digest)
  const unpin = shaman.protection.pin(digests)
  const statuses = await shaman.negotiator.statuses(digests, 'disk')
  const missing = statuses.filter((status) => status !== 'stored').length
  if (missing > 0) {
    unpin()
    throw new ShamanError('BLOB_MISSING', `${missing} of the blobs are not in the store`)
  }
  const tar = pack()
  void fill(shaman, tar, wanted)
    .catch((error: unknown) => tar.destroy(error as Error))
    .finally(unpin)
  return reply.type('application/x-tar').send(tar)
}

async function fill(shaman: Shaman, tar: Pack, wanted: readonly Wanted[]): Promise<void> {
  for (const { name, digest } of wanted) {
    if (tar.destroyed) return
    const bytes = await shaman.blobs.open(digest)
    await pipeline(bytes, tar.entry({ name, size: digest.size, mode: 0o644 }))
  }
  tar.finalize()
}
