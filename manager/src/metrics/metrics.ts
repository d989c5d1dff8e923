import type { FastifyInstance } from 'fastify'
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Services } from '../services.ts'

/** `/metrics` for Prometheus: the farm in numbers, and how quickly it answers. */
export function registerMetrics(app: FastifyInstance, { farm }: Services): void {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'shaman_farm_' })
  countRows(registry, farm.db, 'jobs', 'SELECT status, count(*) AS n FROM jobs GROUP BY status')
  countRows(
    registry,
    farm.db,
    'workers',
    'SELECT status, count(*) AS n FROM workers WHERE deleted_at IS NULL GROUP BY status',
  )
  countRows(
    registry,
    farm.db,
    'tasks_of_unfinished_jobs',
    `SELECT 'queued' AS status, coalesce(sum(n_queued + n_soft_failed), 0) AS n FROM jobs
       WHERE status IN ('active', 'queued')
     UNION ALL SELECT 'active', coalesce(sum(n_active), 0) FROM jobs`,
  )
  const durations = new Histogram({
    name: 'shaman_farm_request_seconds',
    help: 'Time to answer a request, by route',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.005, 0.02, 0.05, 0.1, 0.5, 2, 10],
    registers: [registry],
  })
  app.addHook('onResponse', async (request, reply) => {
    // Waiting requests take as long as they were asked to.
    if (request.headers['x-farm-wait'] !== undefined) return
    const route = request.routeOptions.url ?? 'none'
    durations.observe(
      { method: request.method, route, status: reply.statusCode },
      reply.elapsedTime / 1000,
    )
  })
  app.get('/metrics', async (_, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  )
}

function countRows(
  registry: Registry,
  db: Services['farm']['db'],
  noun: string,
  sql: string,
): void {
  const query = db.prepare<[], { status: string; n: number }>(sql)
  const gauge = new Gauge({
    name: `shaman_farm_${noun}`,
    help: `How many ${noun.replaceAll('_', ' ')} there are, by status`,
    labelNames: ['status'],
    registers: [registry],
    collect() {
      gauge.reset()
      for (const { status, n } of query.all()) gauge.set({ status }, n)
    },
  })
}
