import type { Socket } from 'node:net'
import { join } from 'node:path'
import fastifySwagger from '@fastify/swagger'
import fastifySwaggerUi from '@fastify/swagger-ui'
import { apiBase } from '@shaman-farm/manager-api'
import { shamanRoutes } from '@shaman-farm/shaman'
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import { type Auth, createAuth } from '../auth/auth.ts'
import { authHandlers } from '../auth/auth-routes.ts'
import { guard } from '../auth/guard.ts'
import { configHandlers } from '../config/config-routes.ts'
import { description } from '../discovery/advertise.ts'
import { registerDocs } from '../docs/docs-routes.ts'
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
import { addonDir, registerPages } from './pages.ts'
import { serve } from './route.ts'
import { addSecurityHeaders } from './security-headers.ts'
import { refuseSlowBodies } from './slow-bodies.ts'
import { tlsOptions, trustedProxies } from './transport.ts'
import { compileValidator } from './validation.ts'
import { refuseForeignPages } from './web-guard.ts'

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
    trustProxy: trustedProxies(farm),
    ...tlsOptions(farm),
  }) as unknown as FastifyInstance
  app.setValidatorCompiler(compileValidator)
  app.setErrorHandler(sendError)
  app.setNotFoundHandler((_, reply) =>
    reply.code(404).send({ code: 404, message: 'There is nothing at this address' }),
  )
  app.decorateRequest('farmWorker', undefined)
  // Each package answers its own errors; who may ask at all is answered here for all of them.
  app.addHook('onRequest', async (request, reply) => {
    addSecurityHeaders(reply)
    try {
      refuseForeignPages(request, farm.config.current.raw.allowed_hosts)
    } catch (error) {
      sendError(error, request, reply)
      return reply
    }
  })
  const auth = createAuth(farm)
  guard(app, farm, auth)
  refuseSlowBodies(app)
  dropIdleConnectionsAtTheEnd(app)
  registerMetrics(app, services)
  const streams = new Set<() => void>()
  await app.register((api) => registerApi(api, services, auth, streams), { prefix: apiBase })
  await registerShaman(app, services)
  await registerPages(app, services)
  registerDocs(app)
  registerForMachines(app, services)
  return {
    app,
    endStreams() {
      for (const stop of streams) stop()
    },
  }
}

// Fastify drops those that are idle when it begins to close. One whose answer ends just then, an event stream's for example,
// would hold the stop up until its keep-alive runs out; one on which nothing was ever asked, as browsers open them to be
// quick later, is not idle to Node, which gives it a minute and more to begin.
function dropIdleConnectionsAtTheEnd(app: FastifyInstance): void {
  const { server } = app
  const unused = new Set<Socket>()
  server.on('setSecureContext' in server ? 'secureConnection' : 'connection', (socket: Socket) => {
    unused.add(socket)
    socket.once('close', () => unused.delete(socket))
  })
  server.on('request', ({ socket }) => unused.delete(socket))
  app.addHook('preClose', (done) => {
    const sweep = setInterval(() => {
      server.closeIdleConnections()
      for (const socket of unused) socket.destroy()
    }, 50)
    server.once('close', () => clearInterval(sweep))
    done()
  })
}

async function registerApi(
  api: FastifyInstance,
  services: Services,
  auth: Auth,
  streams: Set<() => void>,
): Promise<void> {
  await api.register(fastifySwagger, {
    openapi: {
      openapi: '3.0.3',
      info: { title: 'Shaman Farm manager', version: ownVersion },
      components: { securitySchemes: { worker_auth: { type: 'http', scheme: 'basic' } } },
    },
  })
  await api.register(fastifySwaggerUi, { routePrefix: '/swagger-ui', staticCSP: true })
  for (const type of ['image/jpeg', 'image/png']) {
    api.addContentTypeParser(type, { parseAs: 'buffer' }, (_, body, done) => done(null, body))
  }
  // Of what a form on a foreign page can send, nothing is read.
  api.removeContentTypeParser('text/plain')
  const handlers = {
    ...configHandlers(services),
    ...workerHandlers(services),
    ...workerMgtHandlers(services),
    ...jobHandlers(services),
    ...taskHandlers(services),
    ...farmHandlers(services),
    ...eventHandlers(services, streams),
    ...authHandlers(services.farm, auth),
  }
  serve(api, handlers)
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

function registerForMachines(app: FastifyInstance, services: Services): void {
  const { config } = services.farm
  app.get('/healthz', async (_, reply) => {
    const health = await healthOf(services)
    return reply.code(health.status === 'ok' ? 200 : 503).send(health)
  })
  app.get('/upnp/description.xml', (request, reply) =>
    reply
      .type('application/xml')
      .send(
        description(
          config.current.raw.manager_name,
          `${request.protocol}://${request.headers.host}/`,
        ),
      ),
  )
}
