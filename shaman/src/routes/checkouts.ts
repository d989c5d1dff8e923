import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { CheckoutSummary } from '../checkouts/catalog.ts'
import { ShamanError } from '../errors.ts'
import { CheckoutInfo, CheckoutManifest } from '../schemas.ts'
import type { Shaman } from '../shaman.ts'

// A checkout path may hold slashes; it travels as one percent-encoded part.
const PathParams = Type.Object({ path: Type.String() })
const tags = ['shaman']

/** Checkouts as resources. */
export function checkoutRoutes(plain: FastifyInstance, shaman: Shaman): void {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>()
  const { checkouts } = shaman

  app.get(
    '/x/checkouts',
    {
      schema: {
        operationId: 'shamanCheckouts',
        summary: 'List checkouts, newest first',
        tags,
        response: { 200: Type.Object({ checkouts: Type.Array(CheckoutInfo) }) },
      },
    },
    async () => ({
      checkouts: checkouts
        .list()
        .sort((a, b) => b.seq - a.seq)
        .map((summary) => infoOf(shaman, summary)),
    }),
  )

  app.get(
    '/x/checkouts/:path',
    {
      schema: {
        operationId: 'shamanCheckoutInfo',
        summary: 'A checkout with its shared and exclusive bytes',
        tags,
        params: PathParams,
        response: { 200: CheckoutInfo },
      },
    },
    async (request) => {
      const summary = checkouts.get(request.params.path)
      if (!summary) throw new ShamanError('CHECKOUT_MISSING', 'there is no such checkout')
      return infoOf(shaman, summary)
    },
  )

  app.get(
    '/x/checkouts/:path/manifest',
    {
      schema: {
        operationId: 'shamanCheckoutManifest',
        summary: 'The files of a checkout',
        tags,
        params: PathParams,
        response: { 200: CheckoutManifest },
      },
    },
    async (request) => {
      const { header, files } = await checkouts.manifest(request.params.path)
      return {
        path: header.path,
        created: new Date(header.created).toISOString(),
        pinned: header.pinned,
        files: files.map(({ sha, size, path }) => ({ sha, size, path })),
      }
    },
  )

  app.delete(
    '/x/checkouts/:path',
    {
      schema: {
        operationId: 'shamanDeleteCheckout',
        summary: 'Remove a checkout; its blobs stay until they are collected',
        tags,
        params: PathParams,
      },
    },
    async (request, reply) => {
      await checkouts.erase(request.params.path)
      return reply.code(204).send()
    },
  )

  app.put(
    '/x/checkouts/:path/pin',
    {
      schema: {
        operationId: 'shamanPinCheckout',
        summary: 'Protect a checkout from removal, or end that',
        tags,
        params: PathParams,
        body: Type.Object({ pinned: Type.Boolean() }),
        response: { 200: CheckoutInfo },
      },
    },
    async (request) =>
      infoOf(shaman, await checkouts.pin(request.params.path, request.body.pinned)),
  )
}

/** A checkout as the API shows it. */
export function infoOf(shaman: Shaman, summary: CheckoutSummary): CheckoutInfo {
  const exclusiveBytes = shaman.references.exclusiveBytes(summary.seq)
  return {
    path: summary.path,
    created: new Date(summary.created).toISOString(),
    files: summary.files,
    bytes: summary.bytes,
    uploadedFiles: summary.uploadedFiles,
    uploadedBytes: summary.uploadedBytes,
    sharedBytes: summary.bytes - exclusiveBytes,
    exclusiveBytes,
    pinned: summary.pinned,
  }
}
