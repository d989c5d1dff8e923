import fastify, { type FastifyInstance, LogController } from 'fastify'
import type { Logger } from 'pino'
import { shamanRoutes } from './routes/main.ts'
import type { Shaman } from './shaman.ts'

/** Where to listen. */
export interface ServeOptions {
  shaman: Shaman
  host?: string
  port?: number
  log?: Logger
}

/** A store served alone. */
export interface ShamanServer {
  url: string
  app: FastifyInstance
  close(): Promise<void>
}

/** Serves a store by itself, at the same paths as inside a manager. Does not close the store. */
export async function serveShaman(options: ServeOptions): Promise<ShamanServer> {
  const app = fastify({
    ...(options.log && { loggerInstance: options.log }),
    logController: new LogController({ disableRequestLogging: true }),
    // Uploads may take hours: what ends them is standing still, not time.
    requestTimeout: 0,
    keepAliveTimeout: 65_000,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 16_384 },
  }) as unknown as FastifyInstance
  await app.register(shamanRoutes, { prefix: '/api/v3/shaman', shaman: options.shaman })
  const url = await app.listen({ host: options.host ?? '127.0.0.1', port: options.port ?? 0 })
  return { url, app, close: () => app.close() }
}
