import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Farm } from '../farm.ts'
import { sendError } from '../http/errors.ts'
import { FarmError } from '../problems.ts'
import type { WorkerRecord } from '../workers/workers-store.ts'
import { type Access, accessOf, isAudited } from './access.ts'
import { detailOf } from './audit-detail.ts'
import type { Auth } from './auth.ts'
import { readCredentials } from './credentials.ts'
import { anyone, mayUse, type Principal } from './principal.ts'

declare module 'fastify' {
  interface FastifyRequest {
    caller: Principal
  }
}

/** Asks everyone who they are, lets them do what their role allows, and writes down what they changed. */
export function guard(app: FastifyInstance, farm: Farm, auth: Auth): void {
  app.decorateRequest('caller', undefined as unknown as Principal)
  app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) {
      if (one === 'OPTIONS' || accessOf(one, url) !== undefined) continue
      farm.log.error({ method: one, url }, 'route without a role, for admins only')
    }
  })
  app.addHook('onRequest', async (request, reply) => {
    request.caller = anyone
    try {
      await admit(request, farm, auth)
    } catch (error) {
      sendError(error, request, reply)
      return reply
    }
  })
  app.addHook('preSerialization', async (request, _, payload) => {
    if (request.routeOptions.schema?.operationId === 'submitJob' && request.caller.tokenId) {
      const { id } = payload as { id?: string }
      if (id) auth.owners.set(id, request.caller.name)
    }
    return payload
  })
  app.addHook('onResponse', async (request, reply) => {
    const { url = '' } = request.routeOptions
    const access = accessFor(request)
    const isRefused = reply.statusCode === 401 || reply.statusCode === 429
    if (url === '' || isRefused || !isAudited(request.method, url, access)) return
    auth.audit.add({
      at: farm.now(),
      who: request.caller.name,
      role: request.caller.role,
      address: request.ip,
      operation: request.routeOptions.schema?.operationId ?? `${request.method} ${url}`,
      path: request.url.split('?')[0]!.slice(0, 500),
      status: reply.statusCode,
      detail: detailOf(request.body),
    })
  })
}

async function admit(request: FastifyRequest, farm: Farm, auth: Auth): Promise<void> {
  const access = accessFor(request)
  request.caller = await identify(request, access, farm, auth)
  if (access === 'worker') request.farmWorker = request.caller.worker
  if (isOpen(farm) && access !== 'worker') return
  allow(request, access, auth)
  const { worker } = request.caller
  if (worker && auth.isWaiting(worker)) holdBack(request, worker, farm)
}

function isOpen(farm: Farm): boolean {
  return farm.config.current.raw.auth === 'open'
}

function accessFor({ method, routeOptions }: FastifyRequest): Access {
  if (routeOptions.url === undefined) return 'anyone'
  return accessOf(method, routeOptions.url) ?? 'admin'
}

async function identify(
  request: FastifyRequest,
  access: Access,
  farm: Farm,
  auth: Auth,
): Promise<Principal> {
  const given = readCredentials(request)
  // The farm's own programs may send a token that an open farm has no use for.
  if (isOpen(farm) && access !== 'worker') return anyone
  if (given.kind === 'basic' && access !== 'anyone') {
    return auth.identifyWorker(given.user, given.password, request.ip)
  }
  if (given.kind === 'bearer')
    return auth.identifyBearer(given.token, request.ip, access === 'anyone')
  if (given.kind === 'ticket') return auth.identifyTicket(given.ticket)
  return anyone
}

function allow(request: FastifyRequest, access: Access, auth: Auth): void {
  const { caller } = request
  if (mayUse(caller, access)) return
  if (access === 'worker') {
    throw new FarmError('NOT_AUTHENTICATED', 'security requirements failed: unknown worker', {
      hint: 'Register the worker again: it may have been removed, or this is another manager.',
    })
  }
  if (caller.role === 'anyone') {
    throw new FarmError('TOKEN_NEEDED', 'This farm asks for a token', {
      hint: 'Give yours with --token or FARM_TOKEN, or sign in on the dashboard; an admin makes one with `farm token create`.',
    })
  }
  if (access === 'owner' && caller.role === 'artist' && isOwner(request, auth)) return
  throw new FarmError('ROLE_TOO_LOW', `${caller.name} (${caller.role}) may not do this`, {
    hint:
      access === 'owner'
        ? 'It takes the artist who submitted the job, or a wrangler.'
        : `It takes the role ${access}.`,
  })
}

const whileWaiting = new Set([
  'signOn',
  'signOff',
  'workerState',
  'workerStateChanged',
  'getSharedStorage',
])

/** A worker that waits to be let in may say that it is there, and sleeps; Flamenco's would else register ever anew. */
function holdBack({ routeOptions }: FastifyRequest, { id, uuid }: WorkerRecord, farm: Farm): void {
  const operation = routeOptions.schema?.operationId ?? ''
  if (!whileWaiting.has(operation)) {
    throw new FarmError('WORKER_NOT_APPROVED', `The worker ${uuid} waits to be let in`, {
      hint: 'A wrangler lets it in on the dashboard, or with `farm enrolments approve`.',
    })
  }
  if (operation === 'signOn') {
    farm.workers.setRequest(id, { status: 'asleep', isLazy: false }, farm.now())
  }
}

function isOwner({ params, caller }: FastifyRequest, { owners }: Auth): boolean {
  const { job_id, task_id } = params as { job_id?: string; task_id?: string }
  const owner = job_id ? owners.ofJob(job_id) : task_id ? owners.ofTask(task_id) : undefined
  return owner !== undefined && owner === caller.name
}
