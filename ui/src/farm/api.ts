import { authHeaders, tellRefused } from './auth.ts'

export { authHeaders }

/** What went wrong with a request, in the manager's own code and words where it gave them. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  readonly code: string
  readonly hint: string | undefined
  readonly requestId: string | undefined
  readonly at = Date.now()

  constructor(
    message: string,
    facts: Partial<Pick<ApiError, 'status' | 'code' | 'hint' | 'requestId'>>,
  ) {
    super(message)
    this.status = facts.status ?? 0
    this.code = facts.code ?? 'UNREACHABLE'
    this.hint = facts.hint
    this.requestId = facts.requestId
  }
}

export interface RequestOptions {
  method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  body?: unknown
  query?: Record<string, string | number | boolean | undefined>
  signal?: AbortSignal | undefined
  timeoutMs?: number
  as?: 'json' | 'text'
}

export const apiBase = '/api/v3'

/** One call of the manager. Answers `undefined` for 204. */
export async function call<T>(path: string, options: RequestOptions = {}): Promise<T> {
  const response = await request(path, options)
  if (response.status === 204) return undefined as T
  if (options.as === 'text') return (await response.text()) as T
  return (await readJson(response)) as T
}

/** The raw answer, for headers and ranges. Rejects with an ApiError for every status over 299. */
export async function request(path: string, options: RequestOptions = {}): Promise<Response> {
  const { method = 'GET', body, timeoutMs = 20_000 } = options
  const timeout = AbortSignal.timeout(timeoutMs)
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout
  const response = await fetch(urlOf(path, options.query), {
    method,
    signal,
    headers: {
      ...authHeaders(),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch((cause: unknown) => {
    if (options.signal?.aborted) throw cause
    throw unreachable(timeout.aborted)
  })
  if (response.status === 401) tellRefused()
  if (!response.ok) throw await errorOf(response)
  return response
}

export function urlOf(path: string, query: RequestOptions['query'] = {}): string {
  const given = Object.entries(query).flatMap(([key, value]) =>
    value === undefined || value === '' ? [] : [[key, String(value)]],
  )
  const search = new URLSearchParams(given).toString()
  return `${apiBase}${path}${search ? `?${search}` : ''}`
}

export function isAborted(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError'
}

/** A manager that does not know the request, or has nothing to answer it with. */
export function isAbsent(error: ApiError | undefined): boolean {
  return error !== undefined && [404, 405, 501].includes(error.status)
}

export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  return new ApiError(error instanceof Error ? error.message : String(error), { code: 'DASHBOARD' })
}

function unreachable(timedOut: boolean): ApiError {
  return timedOut
    ? new ApiError('The manager did not answer in time.', {
        code: 'TIMEOUT',
        hint: 'It may be busy. What is shown stays; try again.',
      })
    : new ApiError('The manager cannot be reached.', {
        hint: 'Check that it runs and that this machine is on its network.',
      })
}

async function errorOf(response: Response): Promise<ApiError> {
  const body = (await readJson(response).catch(() => ({}))) as {
    code?: unknown
    error_code?: unknown
    message?: unknown
    hint?: unknown
  }
  const named = typeof body.error_code === 'string' ? body.error_code : undefined
  return new ApiError(
    typeof body.message === 'string' ? body.message : `The manager answered ${response.status}.`,
    {
      status: response.status,
      code: named ?? (body.code === undefined ? `HTTP_${response.status}` : String(body.code)),
      ...(typeof body.hint === 'string' ? { hint: body.hint } : {}),
      ...(response.headers.has('x-request-id')
        ? { requestId: response.headers.get('x-request-id')! }
        : {}),
    },
  )
}

async function readJson(response: Response): Promise<unknown> {
  const text = await response.text()
  return text === '' ? undefined : JSON.parse(text)
}
