import { ShamanClientError } from './errors.ts'

const busyStatuses = new Set([429, 502, 503, 504])

/** The error itself where it is one of ours; anything else means that there was no answer. */
export function asClientError(error: unknown, origin: string): ShamanClientError {
  if (error instanceof ShamanClientError) return error
  const reason = (error as { code?: string; message?: string }) ?? {}
  return new ShamanClientError(
    'MANAGER_UNREACHABLE',
    `no answer from ${origin}: ${reason.code ?? reason.message ?? String(error)}`,
    { hint: 'Check the address, and that the manager is running.', cause: error },
  )
}

/** Worth another attempt: nothing was wrong with the request itself. */
export function isPassing(problem: ShamanClientError): boolean {
  if (problem.code === 'MANAGER_UNREACHABLE' || problem.code === 'UPLOAD_INTERRUPTED') return true
  return problem.status !== undefined && busyStatuses.has(problem.status)
}

/** The headers of an answer. */
export type HttpHeaders = Record<string, string | string[] | undefined>

/** How long an answer's `Retry-After` asks to wait, in seconds or until a date; 0 without one. */
export function retryAfterOf(headers: HttpHeaders, now: () => number = Date.now): number {
  const text = String(headers['retry-after'] ?? '')
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  const until = Date.parse(text)
  return Number.isNaN(until) ? 0 : Math.max(0, until - now())
}

/** A refusal as an error, with the server's own words where it sent some. */
export function problemOf(
  answer: { status: number; text: string; headers: HttpHeaders },
  path: string,
): ShamanClientError {
  const body = parseProblem(answer.text)
  return new ShamanClientError(
    body.error_code ?? `HTTP_${answer.status}`,
    body.message ?? `the server answered ${answer.status} to ${path}`,
    {
      status: answer.status,
      retryAfterMs: retryAfterOf(answer.headers),
      hint: body.hint,
      detail: { body },
    },
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
