import { asApiError } from './api.ts'
import { formatMoment } from './format.ts'

/** What somebody needs to find an error again: code, request, place, time. */
export function reportOf(problem: unknown): string {
  const error = asApiError(problem)
  return [
    error.message,
    `code ${error.code}, status ${error.status}, request ${error.requestId ?? 'none'}`,
    `at ${formatMoment(error.at)} on ${location.pathname}`,
    navigator.userAgent,
  ].join('\n')
}
