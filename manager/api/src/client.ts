import { apiBase, type OperationId, type Operations, operations } from './operations/main.ts'
import type { Answer, Body, Operation, PathParams, Query, Success } from './operations/operation.ts'

export interface ManagerClientOptions {
  /** `http://host:port` of the manager. */
  url: string
  worker?: { uuid: string; secret: string }
  token?: string
  timeoutMs?: number
  fetch?: typeof fetch
}

interface CallExtras {
  headers?: Record<string, string>
  signal?: AbortSignal
  /** For this call alone; a long-polling call needs more than its wait. */
  timeoutMs?: number
}

type Part<Key extends string, Value> = [Value] extends [undefined]
  ? unknown
  : keyof Value extends never
    ? unknown
    : Record<string, never> extends Value
      ? { [K in Key]?: Value }
      : { [K in Key]: Value }

type BodyPart<O extends Operation> = O extends { rawBody: readonly string[] }
  ? { body: Uint8Array<ArrayBuffer>; contentType: string }
  : [Body<O>] extends [undefined]
    ? unknown
    : { body: Body<O> }

export type CallOptions<O extends Operation> = CallExtras &
  Part<'params', PathParams<O>> &
  Part<'query', Query<O>> &
  BodyPart<O>

type Arguments<O extends Operation> =
  Record<string, never> extends Omit<CallOptions<O>, keyof CallExtras>
    ? [options?: CallOptions<O>]
    : [options: CallOptions<O>]

/** One method per operation: resolves to the body of a 2xx answer, rejects with a ManagerError for any other. */
export type ManagerMethods = {
  [Id in OperationId]: (...args: Arguments<Operations[Id]>) => Promise<Success<Operations[Id]>>
}

export interface ManagerClient extends ManagerMethods {
  readonly url: string
  /** The header that says who asks, for requests of one's own. */
  readonly authorization: string | undefined
  /** The documented answers, told apart by status, without throwing for them. */
  request<Id extends OperationId>(
    id: Id,
    ...args: Arguments<Operations[Id]>
  ): Promise<Answer<Operations[Id]> & { headers: Headers }>
  /** Where the server-sent events of these topics come from. */
  eventsUrl(topics: readonly string[]): string
}

export type ManagerErrorCode = 'MANAGER_UNREACHABLE' | 'MANAGER_TIMEOUT' | 'MANAGER_REFUSED'

/** The manager could not be asked, or refused. `status` is 0 when there was no answer. */
export class ManagerError extends Error {
  override readonly name = 'ManagerError'
  readonly code: ManagerErrorCode
  readonly status: number
  readonly body: unknown
  readonly hint: string | undefined

  constructor(
    code: ManagerErrorCode,
    message: string,
    facts: { status?: number; body?: unknown; hint?: string | undefined; cause?: unknown } = {},
  ) {
    super(message, { cause: facts.cause })
    this.code = code
    this.status = facts.status ?? 0
    this.body = facts.body
    this.hint = facts.hint
  }
}

interface LooseOptions extends CallExtras {
  params?: Record<string, string>
  query?: Record<string, unknown>
  body?: unknown
  contentType?: string
}

export function createManagerClient(options: ManagerClientOptions): ManagerClient {
  const url = options.url.replace(/\/+$/, '')
  const request = (id: OperationId, call: LooseOptions = {}) =>
    send(operations[id], { ...options, url }, call)
  const methods = Object.fromEntries(
    (Object.keys(operations) as OperationId[]).map((id) => [
      id,
      async (call: LooseOptions = {}) => bodyOfSuccess(id, await request(id, call)),
    ]),
  )
  return {
    ...methods,
    url,
    authorization: authorizationOf(options),
    request,
    eventsUrl: (topics: readonly string[]) =>
      `${url}${apiBase}/farm/events?topics=${encodeURIComponent(topics.join(','))}`,
  } as unknown as ManagerClient
}

interface LooseAnswer {
  status: number
  headers: Headers
  body: unknown
}

async function send(
  operation: Operation,
  options: ManagerClientOptions,
  call: LooseOptions,
): Promise<LooseAnswer> {
  const timeout = AbortSignal.timeout(call.timeoutMs ?? options.timeoutMs ?? 30_000)
  const signal = call.signal ? AbortSignal.any([call.signal, timeout]) : timeout
  try {
    const response = await (options.fetch ?? fetch)(urlOf(operation, options.url, call), {
      method: operation.method,
      headers: headersOf(options, call),
      ...bodyOf(call),
      signal,
    })
    const { status, headers } = response
    return { status, headers, body: await readBody(response) }
  } catch (cause) {
    if (call.signal?.aborted) throw call.signal.reason
    throw unanswered(options.url, timeout.aborted, cause)
  }
}

function urlOf(operation: Operation, base: string, call: LooseOptions): string {
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = call.params?.[name]
    if (value === undefined) throw new TypeError(`${operation.path} needs the parameter ${name}`)
    return encodeURIComponent(value)
  })
  const query = Object.entries(call.query ?? {}).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, String(value)] as [string, string]],
  )
  const search = query.length > 0 ? `?${new URLSearchParams(query)}` : ''
  return `${base}${apiBase}${path}${search}`
}

function headersOf(options: ManagerClientOptions, call: LooseOptions): Record<string, string> {
  const headers: Record<string, string> = { accept: 'application/json', ...call.headers }
  if (call.body !== undefined) headers['content-type'] = call.contentType ?? 'application/json'
  const authorization = authorizationOf(options)
  if (authorization) headers.authorization = authorization
  return headers
}

function authorizationOf({ worker, token }: ManagerClientOptions): string | undefined {
  if (worker) return `Basic ${btoa(`${worker.uuid}:${worker.secret}`)}`
  return token ? `Bearer ${token}` : undefined
}

function bodyOf(call: LooseOptions): { body?: NonNullable<RequestInit['body']> } {
  if (call.body === undefined) return {}
  if (call.body instanceof Uint8Array) return { body: call.body as Uint8Array<ArrayBuffer> }
  return { body: JSON.stringify(call.body) }
}

async function readBody(response: Response): Promise<unknown> {
  const text = await response.text()
  if (text === '') return undefined
  const isJson = (response.headers.get('content-type') ?? '').includes('json')
  if (!isJson) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function bodyOfSuccess(id: OperationId, answer: LooseAnswer): unknown {
  if (answer.status >= 200 && answer.status < 300) return answer.body
  const facts = (typeof answer.body === 'object' ? answer.body : {}) as {
    message?: unknown
    hint?: unknown
  } | null
  const message = typeof facts?.message === 'string' ? facts.message : `status ${answer.status}`
  throw new ManagerError('MANAGER_REFUSED', `${id}: ${message}`, {
    status: answer.status,
    body: answer.body,
    hint: typeof facts?.hint === 'string' ? facts.hint : undefined,
  })
}

function unanswered(url: string, timedOut: boolean, cause: unknown): ManagerError {
  if (timedOut) {
    return new ManagerError('MANAGER_TIMEOUT', `The manager at ${url} did not answer in time`, {
      cause,
      hint: 'It may be overloaded, or the network between may be slow.',
    })
  }
  return new ManagerError('MANAGER_UNREACHABLE', `The manager at ${url} cannot be reached`, {
    cause,
    hint: 'Start it with `farm manager`, or name another one with --manager URL.',
  })
}
