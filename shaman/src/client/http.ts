import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { Agent, type Dispatcher, request } from 'undici'
import { ShamanClientError } from './errors.ts'

/** How requests are sent. */
export interface HttpOptions {
  /** `http://host:port` of the manager, or of a store served alone. */
  url: string
  token?: string
  /** The whole header, for those who have no token. */
  authorization?: string | undefined
  /** How often a request is sent again after the connection failed or the server was busy. Default 6. */
  retries?: number
  /** Most requests at a time. Default 8. */
  connections?: number
  log?: Logger
  random?: () => number
}

/** A request's variable parts. */
export interface HttpRequest {
  method?: Dispatcher.HttpMethod
  headers?: Record<string, string>
  /** Made anew for every attempt. */
  body?: () => AsyncIterable<Uint8Array> | Uint8Array | string
  signal?: AbortSignal | undefined
  /** Statuses that are answers; any other is thrown. Default: 2xx. */
  accept?: (status: number) => boolean
  retries?: number
}

/** An answer read whole. */
export interface HttpAnswer {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
}

/** Requests with time limits, retries with back-off, and problems as errors. */
export interface Http {
  send(path: string, options?: HttpRequest): Promise<HttpAnswer>
  json<T>(path: string, options?: HttpRequest & { json?: unknown }): Promise<T>
  /** The answer as bytes. */
  bytes(path: string, options?: HttpRequest): Promise<Buffer>
  /** The answer as JSON lines, each told as it arrives. */
  lines(path: string, options: HttpRequest & { onLine: (line: unknown) => void }): Promise<void>
  /** The answer's body as it arrives; not retried once it has begun. */
  stream(path: string, options?: HttpRequest): Promise<Dispatcher.ResponseData>
  /** Requests sent so far. */
  requests(): number
  close(): Promise<void>
}

const apiBase = '/api/v3/shaman'
const busyStatuses = new Set([429, 502, 503, 504])
const firstDelayMs = 150
const maxDelayMs = 5000

/** Creates the requests of one client. */
export function createHttp(options: HttpOptions): Http {
  const { retries = 6, random = Math.random, log } = options
  const origin = parseUrl(options.url)
  const authorization =
    options.token === undefined ? options.authorization : `Bearer ${options.token}`
  const agent = new Agent({
    connections: options.connections ?? 8,
    connect: { timeout: 10_000 },
    headersTimeout: 120_000,
    bodyTimeout: 60_000,
    keepAliveTimeout: 30_000,
  })
  let requests = 0

  const http: Http = {
    async send(path, given = {}) {
      return withRetries(given, async () => {
        const response = await dispatch(path, given)
        const text = await response.body.text()
        const answer = { status: response.statusCode, headers: response.headers, text }
        if (!accepts(given, answer.status)) throw problemOf(answer, path)
        return answer
      })
    },
    async json<T>(path: string, given: HttpRequest & { json?: unknown } = {}) {
      const { json, ...rest } = given
      const text = json === undefined ? undefined : JSON.stringify(json)
      const answer = await http.send(path, {
        ...(text !== undefined && { method: 'POST' as const, body: () => text }),
        ...rest,
        headers: {
          accept: 'application/json',
          ...(text !== undefined && { 'content-type': 'application/json' }),
          ...rest.headers,
        },
      })
      return JSON.parse(answer.text) as T
    },
    bytes: (path, given = {}) =>
      withRetries(given, async () => {
        const response = await begin(path, given)
        return Buffer.from(await response.body.arrayBuffer())
      }),
    lines: (path, given) =>
      withRetries(given, async () => {
        const response = await begin(path, given)
        for await (const line of splitLines(response.body)) given.onLine(JSON.parse(line))
      }),
    stream: (path, given = {}) => withRetries(given, () => begin(path, given)),
    requests: () => requests,
    // What still runs was given up by whoever closes; waiting for it could take as long as its time limits.
    close: () => agent.destroy(),
  }
  return http

  async function begin(path: string, given: HttpRequest): Promise<Dispatcher.ResponseData> {
    const response = await dispatch(path, given)
    if (accepts(given, response.statusCode)) return response
    const text = await response.body.text()
    throw problemOf({ status: response.statusCode, headers: response.headers, text }, path)
  }

  async function dispatch(path: string, given: HttpRequest): Promise<Dispatcher.ResponseData> {
    requests += 1
    const body = given.body?.()
    try {
      return await request(`${origin}${apiBase}${path}`, {
        dispatcher: agent,
        method: given.method ?? (body === undefined ? 'GET' : 'POST'),
        headers: {
          ...(authorization !== undefined && { authorization }),
          ...given.headers,
        },
        ...(body !== undefined && { body: body as Dispatcher.DispatchOptions['body'] & {} }),
        ...(given.signal && { signal: given.signal }),
      })
    } catch (error) {
      given.signal?.throwIfAborted()
      if (error instanceof ShamanClientError) throw error
      throw unreachable(origin, error)
    }
  }

  async function withRetries<T>(given: HttpRequest, attempt: () => Promise<T>): Promise<T> {
    const most = given.retries ?? retries
    for (let tried = 0; ; tried += 1) {
      try {
        return await attempt()
      } catch (error) {
        given.signal?.throwIfAborted()
        const problem = error instanceof ShamanClientError ? error : unreachable(origin, error)
        if (tried >= most || !isPassing(problem)) throw problem
        log?.debug({ err: problem, tried }, 'request sent again')
        await pauseBeforeRetry(tried, given.signal, random)
      }
    }
  }
}

/** Waits, each time about twice as long. */
export async function pauseBeforeRetry(
  tried: number,
  signal: AbortSignal | undefined,
  random = Math.random,
): Promise<void> {
  const delay = Math.min(maxDelayMs, firstDelayMs * 2 ** tried) * (0.5 + random())
  await sleep(delay, undefined, signal && { signal })
}

async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = ''
  const decoder = new TextDecoder()
  for await (const chunk of chunks) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = parts.pop()!
    yield* parts
  }
  if (rest !== '') yield rest
}

function accepts(given: HttpRequest, status: number): boolean {
  return given.accept ? given.accept(status) : status >= 200 && status < 300
}

/** Worth another attempt: nothing was wrong with the request itself. */
function isPassing(problem: ShamanClientError): boolean {
  if (problem.code === 'MANAGER_UNREACHABLE' || problem.code === 'UPLOAD_INTERRUPTED') return true
  return problem.status !== undefined && busyStatuses.has(problem.status)
}

function parseUrl(url: string): string {
  try {
    const { origin, protocol } = new URL(url)
    if (protocol === 'http:' || protocol === 'https:') return origin
  } catch {
    // Told below, as for any other scheme.
  }
  throw new ShamanClientError(
    'URL_INVALID',
    `${JSON.stringify(url)} is not the address of a manager`,
    {
      hint: 'Give it as http://host:8080',
    },
  )
}

function unreachable(origin: string, cause: unknown): ShamanClientError {
  const reason = (cause as { code?: string; message?: string }) ?? {}
  return new ShamanClientError(
    'MANAGER_UNREACHABLE',
    `no answer from ${origin}: ${reason.code ?? reason.message ?? String(cause)}`,
    { hint: 'Check the address, and that the manager is running.', cause },
  )
}

function problemOf(answer: HttpAnswer, path: string): ShamanClientError {
  const body = parseProblem(answer.text)
  return new ShamanClientError(
    body.error_code ?? `HTTP_${answer.status}`,
    body.message ?? `the server answered ${answer.status} to ${path}`,
    { status: answer.status, hint: body.hint, detail: { body } },
  )
}

function parseProblem(text: string): { message?: string; error_code?: string; hint?: string } {
  try {
    const body: unknown = JSON.parse(text)
    return typeof body === 'object' && body !== null ? body : {}
  } catch {
    return {}
  }
}
