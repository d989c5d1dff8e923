// The far side of the network: a manager that speaks the worker's part of Flamenco's API and writes down what it hears.
import { randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { AssignedTask, TaskUpdate } from '@shaman-farm/manager-api'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'

export interface HeardUpdate {
  taskId: string
  seq: string | undefined
  body: TaskUpdate
}

export interface StandIn {
  readonly url: string
  readonly registered: { name: string; uuid: string; platform: string }[]
  readonly signOns: number
  readonly signOffs: number
  readonly states: string[]
  readonly updates: HeardUpdate[]
  readonly images: { taskId: string; type: string; bytes: number; frame: string | undefined }[]
  /** Every request, `METHOD path`, as it came. */
  readonly requests: string[]
  /** Tasks to give out, first first. */
  readonly queue: AssignedTask[]
  initialStatus: string
  /** Somebody asks for a report on the worker's machine. */
  doctorWanted: boolean
  statusRequested: { status: string; lazy: boolean } | undefined
  /** Task ids that may not run any more. */
  readonly forbidden: Set<string>
  /** Answers instead of the manager when it returns a status. */
  fault: (request: FastifyRequest) => number | undefined
  log(taskId: string): string
  forgetWorkers(): void
  statusesOf(taskId: string): string[]
  until(holds: () => boolean): Promise<void>
}

export interface StandInOptions {
  /** Holds questions as ours does; Flamenco's manager answers at once. */
  holds?: boolean
  port?: number
  /** Adds more of a manager. */
  extend?: (app: FastifyInstance) => Promise<void>
}

export async function startStandIn(t: TestContext, options: StandInOptions = {}): Promise<StandIn> {
  const { holds = true } = options
  const app = Fastify({ forceCloseConnections: true, bodyLimit: 30_000_000 })
  const secrets = new Map<string, string>()
  const seen = new Map<string, number>()
  const assigned = new Map<string, AssignedTask>()
  const standIn = {
    url: '',
    registered: [] as StandIn['registered'],
    signOns: 0,
    signOffs: 0,
    states: [] as string[],
    updates: [] as HeardUpdate[],
    images: [] as StandIn['images'],
    requests: [] as string[],
    queue: [] as AssignedTask[],
    initialStatus: 'awake',
    doctorWanted: false,
    statusRequested: undefined as StandIn['statusRequested'],
    forbidden: new Set<string>(),
    fault: (_: FastifyRequest): number | undefined => undefined,
    forgetWorkers: () => secrets.clear(),
    log: (taskId: string): string =>
      standIn.updates
        .filter((update) => update.taskId === taskId)
        .map((update) => update.body.log ?? '')
        .join(''),
    statusesOf: (taskId: string): string[] =>
      standIn.updates
        .filter((update) => update.taskId === taskId)
        .flatMap((update) => update.body.taskStatus ?? []),
    async until(isTrue: () => boolean): Promise<void> {
      while (!isTrue()) await delay(5)
    },
  }

  const workerOf = (request: FastifyRequest): string | undefined => {
    const [scheme, credentials] = (request.headers.authorization ?? '').split(' ')
    const [uuid, secret] = Buffer.from(credentials ?? '', 'base64')
      .toString()
      .split(':')
    if (scheme !== 'Basic' || uuid === undefined || secrets.get(uuid) !== secret) return undefined
    return uuid
  }
  /** Waits as long as the worker asked for, or until there is something to say. */
  const hold = async (request: FastifyRequest, isReady: () => boolean): Promise<void> => {
    const seconds = holds ? Number(request.headers['x-farm-wait'] ?? 0) : 0
    const end = performance.now() + seconds * 1000
    while (!isReady() && performance.now() < end && !request.raw.destroyed) await delay(5)
  }
  const isImmediate = (): boolean => standIn.statusRequested?.lazy === false

  app.addContentTypeParser(['image/jpeg', 'image/png'], { parseAs: 'buffer' }, (_r, body, done) =>
    done(null, body),
  )
  app.addHook('onRequest', async (request, reply) => {
    standIn.requests.push(`${request.method} ${request.url.split('?')[0]}`)
    const status = standIn.fault(request)
    if (status !== undefined) return reply.code(status).send({ code: status, message: 'fault' })
    const isOpen = request.url.endsWith('/register-worker')
    const isWorkers = request.url.includes('/worker/')
    if (isOpen || !isWorkers || workerOf(request)) return
    return reply.code(403).send({ message: 'security requirements failed' })
  })

  const base = '/api/v3/worker'
  app.post(`${base}/register-worker`, async (request) => {
    const body = request.body as { name: string; secret: string; platform: string }
    const uuid = randomUUID()
    secrets.set(uuid, body.secret)
    standIn.registered.push({ name: body.name, uuid, platform: body.platform })
    return {
      uuid,
      name: body.name,
      address: '',
      status: '',
      platform: body.platform,
      software: '',
      supported_task_types: [],
    }
  })
  app.post(`${base}/sign-on`, async () => {
    standIn.signOns += 1
    return { status_requested: standIn.initialStatus }
  })
  app.post(`${base}/sign-off`, async (_request, reply) => {
    standIn.signOffs += 1
    return reply.code(204).send()
  })
  app.post(`${base}/state-changed`, async (request, reply) => {
    const { status } = request.body as { status: string }
    standIn.states.push(status)
    if (standIn.statusRequested?.status === status) standIn.statusRequested = undefined
    return reply.code(204).send()
  })
  const requestedStatus = (reply: FastifyReply, code: number) =>
    reply.code(code).send({ status_requested: standIn.statusRequested?.status })
  app.get(`${base}/state`, async (request, reply) => {
    await hold(request, () => standIn.statusRequested !== undefined)
    return standIn.statusRequested ? requestedStatus(reply, 200) : reply.code(204).send()
  })
  app.post(`${base}/task`, async (request, reply) => {
    const uuid = workerOf(request)!
    const isReady = (): boolean => assigned.has(uuid) || standIn.queue.length > 0
    await hold(request, () => standIn.statusRequested !== undefined || isReady())
    if (standIn.doctorWanted) reply.header('x-farm-doctor', 'wanted')
    if (standIn.statusRequested) return requestedStatus(reply, 423)
    if (standIn.states.at(-1) !== 'awake') {
      return reply.code(409).send({ code: 409, message: 'not awake' })
    }
    const again = assigned.get(uuid)
    const task = again ?? standIn.queue.shift()
    if (!task) return reply.code(204).send()
    assigned.set(uuid, task)
    return task
  })
  app.post(`${base}/task/:id`, async (request, reply) => {
    const { id } = request.params as { id: string }
    const uuid = workerOf(request)!
    const seq = request.headers['x-farm-update-seq'] as string | undefined
    if (seq !== undefined && holds) {
      if (Number(seq) <= (seen.get(uuid) ?? 0)) return reply.code(204).send()
      seen.set(uuid, Number(seq))
    }
    const body = request.body as TaskUpdate
    if (assigned.get(uuid)?.uuid !== id) {
      return reply.code(409).send({ code: 409, message: 'task is assigned to another worker' })
    }
    standIn.updates.push({ taskId: id, seq, body })
    if (body.taskStatus === 'completed' || body.taskStatus === 'failed') assigned.delete(uuid)
    return reply.code(204).send()
  })
  app.get(`${base}/task/:id/may-i-run`, async (request) => {
    const { id } = request.params as { id: string }
    await hold(request, () => standIn.forbidden.has(id) || isImmediate())
    const statusChangeRequested = isImmediate()
    const mayKeepRunning = !standIn.forbidden.has(id) && !statusChangeRequested
    if (!mayKeepRunning) assigned.delete(workerOf(request)!)
    return {
      mayKeepRunning,
      reason: mayKeepRunning ? '' : 'task status is canceled',
      statusChangeRequested,
    }
  })
  const takeImage = async (request: FastifyRequest, reply: FastifyReply) => {
    const { id } = request.params as { id: string }
    const { frame } = request.query as { frame?: string }
    const bytes = (request.body as Buffer).length
    standIn.images.push({ taskId: id, type: request.headers['content-type']!, bytes, frame })
    return reply.code(202).send()
  }
  app.post(`${base}/task/:id/output-produced`, takeImage)
  if (holds) app.post('/api/v3/farm/worker/task/:id/output', takeImage)

  await options.extend?.(app)
  await app.listen({ host: '127.0.0.1', port: options.port ?? 0 })
  t.after(() => app.close())
  standIn.url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  return standIn
}

export function makeTask(commands: AssignedTask['commands'], name = 'a task'): AssignedTask {
  return {
    uuid: randomUUID(),
    job: randomUUID(),
    name,
    status: 'active',
    priority: 50,
    job_priority: 50,
    job_type: 'test',
    task_type: 'misc',
    commands,
    steps_completed: 0,
    steps_total: commands.length,
  }
}

export function command(
  name: string,
  parameters: Record<string, unknown>,
): AssignedTask['commands'][number] {
  return { name, parameters, total_step_count: 0 }
}
