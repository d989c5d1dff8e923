import type { FastifyInstance } from 'fastify'
import type { Shaman } from '../shaman.ts'
import { aboutRoutes } from './about.ts'
import { blobRoutes } from './blobs.ts'
import { checkoutRoutes } from './checkouts.ts'
import { flamencoRoutes } from './flamenco.ts'
import { answerProblem } from './problems.ts'

/** Options of {@link shamanRoutes}. */
export interface ShamanRoutesOptions {
  shaman: Shaman
}

/** Fastify plugin: Flamenco's four operations and, under `x/`, what is ours. Register it with a prefix. */
export async function shamanRoutes(
  app: FastifyInstance,
  options: ShamanRoutesOptions,
): Promise<void> {
  // Bodies that are not JSON are read by the handlers, piece by piece.
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  app.setErrorHandler(answerProblem)
  flamencoRoutes(app, options.shaman)
  aboutRoutes(app, options.shaman)
  blobRoutes(app, options.shaman)
  checkoutRoutes(app, options.shaman)
}
