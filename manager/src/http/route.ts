import {
  type Answer,
  type Body,
  ErrorBody,
  type Operation,
  type OperationId,
  type Operations,
  operations,
  type PathParams,
  type Query,
  Uuid,
  variableAudiences,
} from '@shaman-farm/manager-api'
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from 'fastify'
import { type TSchema, Type } from 'typebox'
import type { Principal } from '../auth/principal.ts'
import type { WorkerRecord } from '../workers/workers-store.ts'

/** A checked request, as a handler sees it. */
export interface Call<O extends Operation> {
  params: PathParams<O>
  query: Query<O>
  body: O extends { rawBody: readonly string[] } ? Buffer : Body<O>
  headers: FastifyRequest['headers']
  /** Of the client, as far as can be told. */
  address: string
  /** Who asks; only operations that need a worker's secret have one. */
  worker: O extends { auth: 'worker' } ? WorkerRecord : undefined
  caller: Principal
  /** Aborted when the client went away. Made when read, and not for nothing: only requests that wait should. */
  gone: AbortSignal
  reply: FastifyReply
}

/** Only documented answers: an undocumented status does not compile. */
export type Reply<O extends Operation> = Answer<O> | typeof handled

/** The handler has written the answer itself (a stream, or text). */
export const handled = { status: 0, body: undefined } as const

export type Handlers = Partial<AllHandlers>

/** Every operation of the contract has its handler. */
export type AllHandlers = {
  [Id in OperationId]: (
    call: Call<Operations[Id]>,
  ) => Reply<Operations[Id]> | Promise<Reply<Operations[Id]>>
}

export function ok<T>(body: T): { status: 200; body: T } {
  return { status: 200, body }
}

export const noContent = { status: 204, body: undefined } as const

/** Serves operations of the contract. */
export function serve(app: FastifyInstance, handlers: Handlers): void {
  for (const [id, handler] of Object.entries(handlers)) {
    const operation: Operation = operations[id as OperationId]
    app.route({
      method: operation.method,
      url: operation.path.replace(/\{(\w+)\}/g, ':$1'),
      schema: schemaOf(id, operation),
      ...(operation.rawBody ? { bodyLimit: 26_214_400 } : {}),
      handler: async (request, reply) => {
        const call = callOf(request, reply)
        const answer = await (handler as (call: unknown) => Promise<Reply<Operation>>)(call)
        if (answer.status === 0) return reply
        return reply.code(answer.status).send(answer.body ?? undefined)
      },
    })
  }
}

function callOf(request: FastifyRequest, reply: FastifyReply) {
  return {
    params: request.params,
    query: request.query,
    body: request.body,
    headers: request.headers,
    address: request.ip,
    worker: request.farmWorker,
    caller: request.caller,
    reply,
    get gone(): AbortSignal {
      const controller = new AbortController()
      reply.raw.once('close', () => controller.abort())
      return controller.signal
    },
  }
}

const idParams = new Set(['job_id', 'task_id', 'worker_id', 'tag_id'])

function schemaOf(id: string, operation: Operation): FastifySchema {
  const names = [...operation.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!)
  return {
    operationId: id,
    tags: [operation.tag],
    summary: operation.summary,
    ...(operation.auth === 'worker' ? { security: [{ worker_auth: [] }] } : {}),
    ...(operation.rawBody ? { consumes: [...operation.rawBody] } : {}),
    ...(names.length > 0
      ? { params: Type.Object(Object.fromEntries(names.map((name) => [name, paramSchema(name)]))) }
      : {}),
    ...(operation.query ? { querystring: operation.query } : {}),
    ...(operation.body ? { body: operation.body } : {}),
    response: Object.fromEntries(
      Object.entries(operation.responses)
        .map(([status, schema]) => [status, responseSchema(schema)])
        .concat([['default', { description: 'refused', ...ErrorBody }]]),
    ),
  } as FastifySchema
}

function paramSchema(name: string): TSchema {
  if (name === 'audience') return Type.Enum(variableAudiences)
  return idParams.has(name) ? Uuid : Type.String()
}

function responseSchema(schema: TSchema | null | 'raw'): object {
  if (schema === null) return { type: 'null', description: 'nothing' }
  if (schema === 'raw') return { type: 'string', description: 'text or a stream' }
  return { description: 'done', ...schema }
}

declare module 'fastify' {
  interface FastifyRequest {
    farmWorker: WorkerRecord | undefined
  }
  interface FastifySchema {
    operationId?: string
    tags?: readonly string[]
    summary?: string
    consumes?: readonly string[]
  }
}
