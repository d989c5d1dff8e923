import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { ScrubStatus as Scrub } from '../care/scrub.ts'
import { parseDigest } from '../digest.ts'
import { ShamanError } from '../errors.ts'
import type { GcPlan as Plan } from '../gc/gc-plan.ts'
import {
  BlobCount,
  BlobWhy,
  CheckoutDiff,
  FsckReport,
  GcPlan,
  GcRequest,
  GcResult,
  QuarantinedBlob,
  ScrubStatus,
  TrashEpoch,
} from '../schemas.ts'
import type { Shaman } from '../shaman.ts'

const tags = ['shaman']
const about = (operationId: string, summary: string) => ({ operationId, summary, tags })

/** Looking after a store: collection, scrub, check, and who uses what. */
export function careRoutes(plain: FastifyInstance, shaman: Shaman): void {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>()
  const { gc, scrubber } = shaman

  app.post(
    '/x/gc/plans',
    {
      schema: {
        ...about('shamanGcPlan', 'Plan a collection; nothing is changed'),
        body: GcRequest,
        response: { 200: GcPlan },
      },
    },
    async ({ body }) => {
      const { maxAgeSeconds, ...rest } = body
      const age = maxAgeSeconds === undefined ? {} : { maxAgeMs: maxAgeSeconds * 1000 }
      return planOf(await gc.plan({ ...rest, ...age }))
    },
  )
  app.get(
    '/x/gc/plans/:id',
    {
      schema: {
        ...about('shamanGcPlanInfo', 'A plan made before'),
        params: Type.Object({ id: Type.String() }),
        response: { 200: GcPlan },
      },
    },
    async ({ params }) => planOf(gc.getPlanned(params.id).plan),
  )
  app.post(
    '/x/gc/plans/:id/apply',
    {
      schema: {
        ...about('shamanGcApply', 'Apply a plan; what it takes stays in the trash for a while'),
        params: Type.Object({ id: Type.String() }),
        body: Type.Object({ evenIfLarge: Type.Optional(Type.Boolean()) }),
        response: { 200: GcResult },
      },
    },
    ({ params, body }) => gc.apply(params.id, { evenIfLarge: body.evenIfLarge ?? false }),
  )
  app.get(
    '/x/gc/trash',
    {
      schema: {
        ...about('shamanTrash', 'Collections that can be undone'),
        response: { 200: Type.Object({ epochs: Type.Array(TrashEpoch) }) },
      },
    },
    async () => ({
      epochs: (await gc.trash()).map((epoch) => ({ ...epoch, at: isoOf(epoch.at) })),
    }),
  )
  app.post(
    '/x/gc/trash/:epoch/undo',
    {
      schema: {
        ...about('shamanGcUndo', 'Bring back what a collection took'),
        params: Type.Object({ epoch: Type.String({ pattern: '^[\\w.:-]{1,80}$' }) }),
        response: { 200: BlobCount },
      },
    },
    ({ params }) => gc.undo(params.epoch),
  )
  app.delete(
    '/x/gc/trash',
    {
      schema: {
        ...about('shamanEmptyTrash', 'Remove collected blobs for good'),
        querystring: Type.Object({ olderThanSeconds: Type.Optional(Type.Number({ minimum: 0 })) }),
        response: { 200: BlobCount },
      },
    },
    ({ query }) =>
      gc.emptyTrash(
        query.olderThanSeconds === undefined ? undefined : query.olderThanSeconds * 1000,
      ),
  )
  app.get(
    '/x/scrub',
    { schema: { ...about('shamanScrub', 'How far the scrub is'), response: { 200: ScrubStatus } } },
    async () => scrubOf(await scrubber.status()),
  )
  app.post(
    '/x/scrub/start',
    {
      schema: {
        ...about('shamanScrubStart', 'Read every blob again; continues an interrupted scrub'),
        body: Type.Object({
          bytesPerSecond: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
          restart: Type.Optional(Type.Boolean()),
        }),
        response: { 200: ScrubStatus },
      },
    },
    async ({ body }) => scrubOf(await scrubber.start(body)),
  )
  app.post(
    '/x/scrub/stop',
    {
      schema: {
        ...about('shamanScrubStop', 'Stop; a later start continues'),
        response: { 200: ScrubStatus },
      },
    },
    async () => scrubOf(await scrubber.stop()),
  )
  app.get(
    '/x/quarantine',
    {
      schema: {
        ...about('shamanQuarantine', 'Damaged blobs, and the checkouts they break'),
        response: { 200: Type.Object({ blobs: Type.Array(QuarantinedBlob) }) },
      },
    },
    async () => ({
      blobs: (await shaman.quarantine.list()).map(([digest, record]) => ({
        ...digest,
        ...record,
        at: isoOf(record.at),
      })),
    }),
  )
  app.post(
    '/x/fsck',
    {
      schema: {
        ...about('shamanFsck', 'Compare store, index and checkouts'),
        body: Type.Object({ repair: Type.Optional(Type.Boolean()) }),
        response: { 200: FsckReport },
      },
    },
    ({ body }) => shaman.fsck({ repair: body.repair ?? false }),
  )
  app.get(
    '/x/blobs/:sha/:size/checkouts',
    {
      schema: {
        ...about('shamanBlobCheckouts', 'Which checkouts hold a blob, and what else keeps it'),
        params: Type.Object({ sha: Type.String(), size: Type.String() }),
        response: { 200: BlobWhy },
      },
    },
    async ({ params }) => {
      const { lastUse, ...rest } = await shaman.explain(parseDigest(params.sha, params.size))
      return { ...rest, ...(lastUse > 0 && { lastUse: isoOf(lastUse) }) }
    },
  )
  app.get(
    '/x/checkouts/:path/diff',
    {
      schema: {
        ...about('shamanCheckoutDiff', 'What changed since another checkout'),
        params: Type.Object({ path: Type.String() }),
        querystring: Type.Object({ since: Type.String() }),
        response: { 200: CheckoutDiff },
      },
    },
    ({ params, query }) => {
      for (const path of [params.path, query.since]) {
        if (!shaman.checkouts.get(path)) {
          throw new ShamanError(
            'CHECKOUT_MISSING',
            `there is no checkout at ${JSON.stringify(path)}`,
          )
        }
      }
      return shaman.diff(query.since, params.path)
    },
  )
}

function planOf(plan: Plan): GcPlan {
  const { request: _request, created, ...rest } = plan
  return { ...rest, created: isoOf(created) }
}

function scrubOf({ started, finished, ...rest }: Scrub): ScrubStatus {
  return {
    ...rest,
    ...(started > 0 && { started: isoOf(started) }),
    ...(finished > 0 && { finished: isoOf(finished) }),
  }
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString()
}
