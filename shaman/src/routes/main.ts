import type { FastifyInstance, FastifyRequest } from 'fastify'
import { deltaRoutes } from '../delta/routes.ts'
import { ShamanError } from '../errors.ts'
import type { Shaman } from '../shaman.ts'
import { aboutRoutes } from './about.ts'
import { blobRoutes } from './blobs.ts'
import { careRoutes } from './care.ts'
import { checkoutRoutes } from './checkouts.ts'
import { flamencoRoutes } from './flamenco.ts'
import { formRoutes } from './forms.ts'
import { metricsRoutes } from './metrics.ts'
import { answerProblem } from './problems.ts'
import { defaultStallMs } from './raw-body.ts'
import { requirementsRoutes } from './requirements.ts'
import { resumableRoutes } from './resumable.ts'
import type {} from './schema-notes.ts'
import { closeStalledBodies } from './stalled-bodies.ts'
import { tarBatchRoutes } from './tar-batch.ts'
import { tarDownloadRoutes } from './tar-download.ts'
import { usageRoutes } from './usage.ts'

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
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, parseJson)
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  app.setErrorHandler(answerProblem)
  closeStalledBodies(app, options.shaman.stallMs ?? defaultStallMs)
  // Metrics first: its hook has to be there when the others' routes are made.
  for (const routes of families) routes(app, options.shaman)
  if (!options.shaman.blobs.elsewhere) deltaRoutes(app, options.shaman)
}

// Fastify's own parser also searches the text for poisoned prototypes, a fifth of the time of a large request. Nothing here
// copies a body's properties onto another object.
function parseJson(
  _request: FastifyRequest,
  body: string | Buffer,
  done: (error: Error | null, value?: unknown) => void,
): void {
  try {
    done(null, JSON.parse(String(body)))
  } catch (cause) {
    done(new ShamanError('REQUEST_INVALID', 'the body is not valid JSON', { cause }))
  }
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
  usageRoutes,
]
