import { ManagerError } from './errors.ts'
import { apiBase } from './operations/base.ts'

export interface ManagerClientOptions {
  /** `http://host:port` of the manager. */
  url: string
  worker?: { uuid: string; secret: string }
  token?: string
  timeoutMs?: number
  fetch?: typeof fetch
}

export interface CallExtras {
  headers?: Record<string, string>
  signal?: AbortSignal
  /** For this call alone; a long-polling call needs more than its wait. */
  timeoutMs?: number
}

/** As much of an operation as asking takes. */
export interface Route {
  method: string
  path: string
}

interface LooseOptions extends CallExtras {
  params?: Record<string, string>
  query?: Record<string, unknown>
  body?: unknown
  contentType?: string
}

/** A method for each route; its types are the caller's to know. */
export function clientOf<Client>(
  routes: Readonly<Record<string, Route>>,
  options: ManagerClientOptions,
): Client {
  const url = options.url.replace(/\/+$/, '')
  const request = (id: string, call: LooseOptions = {}) =>
    send(routes[id]!, { ...options, url }, call)
  const methods = Object.fromEntries(
    Object.keys(routes).map((id) => [
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
  } as unknown as Client
}

interface LooseAnswer {
  status: number
  headers: Headers
  body: unknown
}

async function send(
  route: Route,
  options: ManagerClientOptions,
  call: LooseOptions,
): Promise<LooseAnswer> {
  const timeout = AbortSignal.timeout(call.timeoutMs ?? options.timeoutMs ?? 30_000)
  const signal = call.signal ? AbortSignal.any([call.signal, timeout]) : timeout
  try {
    const response = await (options.fetch ?? fetch)(urlOf(route, options.url, call), {
      method: route.method,
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

function urlOf(route: Route, base: string, call: LooseOptions): string {
  const path = route.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = call.params?.[name]
    if (value === undefined) throw new TypeError(`${route.path} needs the parameter ${name}`)
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

function bodyOfSuccess(id: string, answer: LooseAnswer): unknown {
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
