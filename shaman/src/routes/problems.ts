import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { ShamanError, type ShamanErrorCode } from '../errors.ts'
import type { ShamanProblem } from '../schemas.ts'
import { answerEarly } from './raw-body.ts'

/** The one place where a problem becomes an HTTP status. */
export const statusOf = {
  DIGEST_INVALID: 400,
  PATH_UNSAFE: 400,
  REQUEST_INVALID: 400,
  TOO_LARGE: 413,
  BLOB_MISSING: 404,
  BLOB_SIZE_MISMATCH: 417,
  BLOB_DIGEST_MISMATCH: 417,
  UPLOAD_DEFERRED: 425,
  UPLOAD_INTERRUPTED: 400,
  OFFSET_MISMATCH: 409,
  CHECKOUT_INCOMPLETE: 424,
  CHECKOUT_EXISTS: 409,
  CHECKOUT_MISSING: 404,
  CHECKOUT_PINNED: 409,
  RANGE_INVALID: 416,
  NO_SPACE: 507,
  STORE_ABSENT: 503,
  STORE_ELSEWHERE: 503,
  STORE_LOCKED: 503,
  STORE_BUSY: 503,
  STORE_FAULT: 500,
  GC_REFUSED: 409,
  GC_PLAN_UNKNOWN: 404,
  MANIFEST_CORRUPT: 500,
} satisfies Record<ShamanErrorCode, number>

/**
 * After how many seconds another attempt may succeed. Not told of what patience does not mend: 424 wants an upload, 507 room that
 * a person has to make.
 */
const retryAfter: Partial<Record<ShamanErrorCode, number>> = {
  UPLOAD_DEFERRED: 1,
  STORE_BUSY: 1,
}

/** A problem as Flamenco's error body. */
export function problemOf(error: unknown): ShamanProblem {
  if (error instanceof ShamanError) {
    return {
      code: statusOf[error.code],
      message: error.message,
      error_code: error.code,
      ...(error.hint !== undefined && { hint: error.hint }),
    }
  }
  const { statusCode, message } = error as Partial<FastifyError>
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return { code: statusCode, message: message ?? 'bad request', error_code: 'REQUEST_INVALID' }
  }
  return { code: 500, message: 'the store failed; its log tells more', error_code: 'STORE_FAULT' }
}

/** Answers an upload that failed, perhaps before its body was read. */
export function refuse(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = problemOf(error)
  if (problem.code >= 500) request.log.error({ err: error }, 'store request failed')
  askForPatience(error, reply)
  return answerEarly(request, reply, problem.code, problem)
}

/** Answers a request that failed. */
export function answerProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const problem = problemOf(error)
  if (problem.code >= 500) request.log.error({ err: error }, 'store request failed')
  askForPatience(error, reply)
  void reply.code(problem.code).send(problem)
}

function askForPatience(error: unknown, reply: FastifyReply): void {
  const seconds = error instanceof ShamanError ? retryAfter[error.code] : undefined
  if (seconds !== undefined) void reply.header('retry-after', seconds)
}
