import type { FastifyInstance } from 'fastify'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Shaman } from '../shaman.ts'

/** The store's figures in Prometheus' text format. */
export function metricsRoutes(app: FastifyInstance, shaman: Shaman): void {
  const registry = createMetrics(app, shaman)
  app.get(
    '/x/metrics',
    {
      schema: {
        operationId: 'shamanMetrics',
        summary: 'Metrics in the text format of Prometheus',
        tags: ['shaman'],
      },
    },
    async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()),
  )
}

function createMetrics(app: FastifyInstance, shaman: Shaman): Registry {
  const registry = new Registry()
  const registers = [registry]
  new Gauge({
    name: 'shaman_store',
    help: 'Blobs, bytes and checkouts of the store, and what is going on in it',
    labelNames: ['what'],
    registers,
    async collect() {
      const { durability: _durability, ...numbers } = await shaman.stats()
      for (const [what, value] of Object.entries(numbers)) this.set({ what }, value)
    },
  })
  const requests = new Histogram({
    name: 'shaman_request_seconds',
    help: 'Time from request to the end of its answer',
    labelNames: ['operation', 'status'],
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60, 600],
    registers,
  })
  const received = new Counter({
    name: 'shaman_received_bytes_total',
    help: 'Bytes of request bodies',
    registers,
  })
  app.addHook('onResponse', async (request, reply) => {
    const operation = request.routeOptions.url ?? 'unknown'
    requests.observe({ operation, status: reply.statusCode }, reply.elapsedTime / 1000)
    received.inc(Number(request.headers['content-length'] ?? 0) || 0)
  })
  return registry
}
