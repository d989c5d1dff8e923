import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { canReflink } from '../delta/reflink.ts'
import { Capabilities, StoreStats } from '../schemas.ts'
import type { Shaman } from '../shaman.ts'
import { maxFilesPerRequest } from '../wire.ts'
import { batchLimits } from './limits.ts'

const features = ['digest-list', 'tar-batch', 'resume', 'range', 'blob-tar', 'checkout-tar', 'form']
const tags = ['shaman']

/** What the store can do, and how full it is. */
export function aboutRoutes(plain: FastifyInstance, shaman: Shaman): void {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>()

  app.get(
    '/x/capabilities',
    {
      schema: {
        operationId: 'shamanCapabilities',
        summary: 'What this store can do beyond the Flamenco API',
        tags,
        response: { 200: Capabilities },
      },
    },
    async () => ({
      server: shaman.serverId,
      store: shaman.storeId,
      durability: shaman.durability,
      leaseSeconds: Math.floor(shaman.leaseMs / 1000),
      limits: {
        filesPerRequest: maxFilesPerRequest,
        batchBytes: batchLimits.bytes,
        batchFiles: batchLimits.files,
        batchFileBytes: batchLimits.fileBytes,
      },
      links: shaman.links,
      // A splice reads its bases at any place: that wants them as files.
      features: shaman.blobs.elsewhere ? features : [...features, 'splice'],
      reflink: shaman.blobs.elsewhere === undefined && (await canReflink(shaman)),
    }),
  )

  app.get(
    '/x/stats',
    {
      schema: {
        operationId: 'shamanStats',
        summary: 'The store in numbers',
        tags,
        response: { 200: StoreStats },
      },
    },
    () => shaman.stats(),
  )
}
