import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import fastifySwagger from '@fastify/swagger'
import fastifySwaggerUi from '@fastify/swagger-ui'
import { apiBase } from '@shaman-farm/manager-api'
import { shamanRoutes } from '@shaman-farm/shaman'
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  LogController,
} from 'fastify'
import { configHandlers } from '../config/config-routes.ts'
import { description } from '../discovery/advertise.ts'
import { eventHandlers } from '../events/event-routes.ts'
import { farmHandlers } from '../farm-views/farm-routes.ts'
import { healthOf } from '../farm-views/health.ts'
import { jobHandlers } from '../jobs/job-routes.ts'
import { registerMetrics } from '../metrics/metrics.ts'
import { registerPackTool } from '../pack-tool/pack-tool-routes.ts'
import type { Services } from '../services.ts'
import { taskHandlers } from '../tasks/task-routes.ts'
import { ownVersion } from '../version.ts'
import { workerMgtHandlers } from '../workers/worker-mgt-routes.ts'
import { workerHandlers } from '../workers/worker-routes.ts'
import { sendError } from './errors.ts'
import { serve } from './route.ts'
import { compileValidator } from './validation.ts'
import { refuseForeignPages } from './web-guard.ts'
import { createAuthenticator } from './worker-auth.ts'

const uiDir = join(import.meta.dirname, '..', '..', '..', 'ui', 'dist')
const addonDir = join(import.meta.dirname, '..', '..', '..', 'addon', 'dist')

/** For what is named by its content. */
const forEver = 'public, max-age=31536000, immutable'

export interface HttpServer {
  app: FastifyInstance
  /** Ends the streams, which would otherwise keep the server open. */
  endStreams(): void
}

export async function createServer(services: Services): Promise<HttpServer> {
  const { farm } = services
  const app = fastify({
    loggerInstance: farm.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 32 * 1024 * 1024,
    // Names of checkouts stand in paths, and percent-encoding makes them three times as long.
    routerOptions: { maxParamLength: 16_384 },
    requestTimeout: 0,
    keepAliveTimeout: 75_000,
    forceCloseConnections: 'idle',
  })
  app.setValidatorCompiler(compileValidator)
  app.setErrorHandler(sendError)
  app.setNotFoundHandler((_, reply) =>
    reply.code(404).send({ code: 404, message: 'There is nothing at this address' }),
  )
  app.decorateRequest('farmWorker', undefined)
  app.addHook('onRequest', async (request, reply) => {
    refuseForeignPages(request, farm.config.current.raw.allowed_hosts)
    reply.header('x-content-type-options', 'nosniff').header('x-frame-options', 'SAMEORIGIN')
  })
  registerMetrics(app, services)
  const streams = new Set<() => void>()
  await app.register((api) => registerApi(api, services, streams), { prefix: apiBase })
  await registerShaman(app, services)
  await registerPages(app, services)
  registerForMachines(app, services)
  return {
    app,
    endStreams() {
      for (const stop of streams) stop()
    },
  }
}

async function registerApi(
  api: FastifyInstance,
  services: Services,
  streams: Set<() => void>,
): Promise<void> {
  await api.register(fastifySwagger, {
    openapi: {
      openapi: '3.0.3',
      info: { title: 'Shaman Farm manager', version: ownVersion },
      components: { securitySchemes: { worker_auth: { type: 'http', scheme: 'basic' } } },
    },
  })
  await api.register(fastifySwaggerUi, { routePrefix: '/swagger-ui' })
  for (const type of ['image/jpeg', 'image/png']) {
    api.addContentTypeParser(type, { parseAs: 'buffer' }, (_, body, done) => done(null, body))
  }
  const authenticate = createAuthenticator(services.farm.workers)
  const handlers = {
    ...configHandlers(services),
    ...workerHandlers(services),
    ...workerMgtHandlers(services),
    ...jobHandlers(services),
    ...taskHandlers(services),
    ...farmHandlers(services),
    ...eventHandlers(services, streams),
  }
  serve(api, handlers, { authenticate })
  registerPackTool(api, { dir: join(addonDir, 'pack-tool') })
  api.get('/openapi3.json', { schema: { hide: true } as object }, () => api.swagger())
}

async function registerShaman(app: FastifyInstance, { shaman }: Services): Promise<void> {
  const prefix = `${apiBase}/shaman`
  if (shaman) await app.register(shamanRoutes, { prefix, shaman })
  else {
    app.all(`${prefix}/*`, (_, reply) =>
      reply.code(503).send({ code: 503, message: 'Shaman is disabled on this manager' }),
    )
  }
}

/** The dashboard, the logs and images it shows, and the way in for those who type only the host. */
async function registerPages(app: FastifyInstance, { farm }: Services): Promise<void> {
  const { localStorage } = farm.config.current
  await mkdir(localStorage, { recursive: true })
  await app.register(fastifyStatic, {
    root: localStorage,
    prefix: '/job-files/',
    decorateReply: true,
    index: false,
    cacheControl: false,
    list: false,
    setHeaders: (reply, path) => {
      const isForEver = path.includes('/frames/')
      reply.header('cache-control', isForEver ? forEver : 'no-cache')
      if (path.endsWith('.txt')) reply.header('content-type', 'text/plain; charset=utf-8')
    },
  })
  for (const path of ['/', '/app']) app.get(path, (_, reply) => reply.redirect('/app/', 307))
  app.get<{ Params: { '*': string } }>('/app/*', ({ params }, reply) =>
    sendPage(reply, params['*']),
  )
  app.get('/flamenco3-addon.zip', (_, reply) => reply.redirect('/flamenco-addon.zip', 308))
  app.get('/flamenco-addon.zip', (_, reply) => sendAddonFile(reply, 'shaman_farm.zip'))
  // A static extension repository: Blender installs from it and finds updates in it.
  for (const name of ['index.json', 'shaman_farm.zip']) {
    app.get(`/addon/${name}`, (_, reply) => sendAddonFile(reply, name))
  }
}

function sendAddonFile(reply: FastifyReply, name: string): FastifyReply {
  if (existsSync(join(addonDir, name))) return reply.sendFile(name, addonDir)
  return reply.code(404).send({ code: 404, message: 'The add-on is not built. Run: npm start' })
}

/** Files of the dashboard; any other address in it is one of its pages. */
function sendPage(reply: FastifyReply, path: string): FastifyReply {
  if (path !== '' && existsSync(join(uiDir, path))) {
    const isForEver = path.startsWith('assets/')
    return reply.header('cache-control', isForEver ? forEver : 'no-cache').sendFile(path, uiDir)
  }
  if (existsSync(join(uiDir, 'index.html'))) {
    return reply.header('cache-control', 'no-cache').sendFile('index.html', uiDir)
  }
  return reply.type('text/plain').send('The dashboard is not built. Run: npm start')
}

function registerForMachines(app: FastifyInstance, services: Services): void {
  const { config } = services.farm
  app.get('/healthz', async (_, reply) => {
    const health = await healthOf(services)
    return reply.code(health.status === 'ok' ? 200 : 503).send(health)
  })
  app.get('/upnp/description.xml', (request, reply) =>
    reply
      .type('application/xml')
      .send(description(config.current.raw.manager_name, `http://${request.headers.host}/`)),
  )
}
