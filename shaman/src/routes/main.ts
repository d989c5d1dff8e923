import type { FastifyInstance } from 'fastify'
import { deltaRoutes } from '../delta/routes.ts'
import type { Shaman } from '../shaman.ts'
import { aboutRoutes } from './about.ts'
import { blobRoutes } from './blobs.ts'
import { careRoutes } from './care.ts'
import { checkoutRoutes } from './checkouts.ts'
import { flamencoRoutes } from './flamenco.ts'
import { formRoutes } from './forms.ts'
import { metricsRoutes } from './metrics.ts'
import { answerProblem } from './problems.ts'
import { requirementsRoutes } from './requirements.ts'
import { resumableRoutes } from './resumable.ts'
import type {} from './schema-notes.ts'
import { tarBatchRoutes } from './tar-batch.ts'
import { tarDownloadRoutes } from './tar-download.ts'

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
  // Metrics first: its hook has to be there when the others' routes are made.
  for (const routes of families) routes(app, options.shaman)
}

const families = [
  metricsRoutes,
  flamencoRoutes,
  aboutRoutes,
  requirementsRoutes,
  tarBatchRoutes,
  resumableRoutes,
  formRoutes,
  blobRoutes,
  tarDownloadRoutes,
  checkoutRoutes,
  careRoutes,
  deltaRoutes,
]
