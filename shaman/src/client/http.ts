import { Agent, type Dispatcher, request } from 'undici'
import { type Address, apiBase, authorizationOf, originOf } from './address.ts'
import { asClientError, type HttpHeaders, problemOf } from './problems.ts'
import { createRetries, type RetryOptions } from './retries.ts'

/** Where requests go, and how. */
export interface HttpOptions extends Address, RetryOptions {
  /** Most requests at a time. Default 8. */
  connections?: number
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
  headers: HttpHeaders
  text: string
}

/** Requests with time limits, retries with back-off, and problems as errors. */
export interface Http {
  send(path: string, options?: HttpRequest): Promise<HttpAnswer>
  json<T>(path: string, options?: HttpRequest & { json?: unknown }): Promise<T>
  /** The answer as bytes. */
  bytes(path: string, options?: HttpRequest): Promise<Buffer>
  /** The answer's bytes, told as they arrive. A request sent again after some of them should ask for the rest only. */
  pieces(path: string, options: HttpRequest & { onPiece: (bytes: Buffer) => void }): Promise<void>
  /** The answer as JSON lines, each told as it arrives. */
  lines(path: string, options: HttpRequest & { onLine: (line: unknown) => void }): Promise<void>
  /** The answer's body as it arrives; not retried once it has begun. */
  stream(path: string, options?: HttpRequest): Promise<Dispatcher.ResponseData>
  /** Requests sent so far. */
  requests(): number
  close(): Promise<void>
}

/** Creates the requests of one client. */
export function createHttp(options: HttpOptions): Http {
  const origin = originOf(options.url)
  const authorization = authorizationOf(options)
  const withRetries = createRetries(origin, options)
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
    pieces: (path, given) =>
      withRetries(given, async () => {
        const response = await begin(path, given)
        for await (const piece of response.body as AsyncIterable<Buffer>) given.onPiece(piece)
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
      throw asClientError(error, origin)
    }
  }
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
