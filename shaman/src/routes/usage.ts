import { Readable } from 'node:stream'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { planCsv } from '../gc/plan-csv.ts'
import { CheckoutShares, StoreSizes } from '../schemas.ts'
import type { Shaman } from '../shaman.ts'

const tags = ['shaman']

/** What uses the space, over time and by checkout, and what a plan would take of it. */
export function usageRoutes(plain: FastifyInstance, shaman: Shaman): void {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>()

  app.get(
    '/x/sizes',
    {
      schema: {
        operationId: 'shamanSizes',
        summary: 'How large the store was, a sample a day, and now',
        tags,
        response: { 200: StoreSizes },
      },
    },
    async () => {
      const { samples, ...rest } = await shaman.sizes.history()
      return { ...rest, samples: samples.map((sample) => ({ ...sample, at: isoOf(sample.at) })) }
    },
  )
  app.get(
    '/x/shares',
    {
      schema: {
        operationId: 'shamanShares',
        summary:
          'What each checkout stands for on the disk: its blobs, each divided among its holders',
        description: 'Counted at most every few seconds, rarer in a large store; `at` tells when.',
        tags,
        response: { 200: CheckoutShares },
      },
    },
    async () => {
      const { at, bytes } = await shaman.shares()
      return { at: isoOf(at), checkouts: Array.from(bytes, ([path, share]) => ({ path, share })) }
    },
  )
  app.get(
    '/x/gc/plans/:id/csv',
    {
      schema: {
        operationId: 'shamanGcPlanCsv',
        summary: 'What a plan would remove: checkouts and blobs with bytes and last use, as CSV',
        tags,
        params: Type.Object({ id: Type.String() }),
      },
    },
    (request, reply) => {
      const planned = shaman.gc.getPlanned(request.params.id)
      const name = `collection-${isoOf(planned.plan.created).slice(0, 10)}.csv`
      return reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', `attachment; filename="${name}"`)
        .send(Readable.from(planCsv(shaman, planned)))
    },
  )
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString()
}
