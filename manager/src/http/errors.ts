import type { ErrorBody } from '@shaman-farm/manager-api'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { isSqlite } from '../db/open.ts'
import { JobTypeError, type JobTypeErrorCode } from '../job-types/main.ts'
import { FarmError, type FarmErrorCode } from '../problems.ts'

const farmStatus = {
  BAD_REQUEST: 400,
  BAD_ID: 400,
  JOB_UNKNOWN: 404,
  TASK_UNKNOWN: 404,
  WORKER_UNKNOWN: 404,
  TAG_UNKNOWN: 404,
  TAG_NOT_ASSIGNABLE: 406,
  TAG_NAME_TAKEN: 409,
  NOT_AUTHENTICATED: 403,
  NOT_FOR_WEB_PAGES: 403,
  HOST_NOT_ALLOWED: 421,
  TOKEN_NEEDED: 401,
  TOKEN_UNKNOWN: 401,
  TOKEN_NOT_FOUND: 404,
  ROLE_TOO_LOW: 403,
  ENROLMENT_REFUSED: 403,
  WORKER_NOT_APPROVED: 403,
  TOO_MANY_ATTEMPTS: 429,
  WORKER_NOT_AWAKE: 409,
  TASK_NOT_YOURS: 409,
  TASK_NOT_ACTIVE: 409,
  STATUS_NOT_ALLOWED: 422,
  STATUS_NOT_FOR_WORKERS: 400,
  CANNOT_RESTART: 412,
  NOTHING_MATCHES: 416,
  OUTPUT_ELSEWHERE: 400,
  OUTPUT_NOT_STORED: 424,
  IMAGE_LENGTH_MISSING: 411,
  IMAGE_TOO_LARGE: 413,
  IMAGE_QUEUE_FULL: 429,
  ATTENTION_UNKNOWN: 404,
  CHECKOUT_UNKNOWN: 404,
  TRACE_FAILED: 422,
  BLOBS_IN_BUCKET: 422,
  REVISION_UNKNOWN: 404,
  REVISION_NOT_LAST: 409,
  CONFIG_INVALID: 400,
  SHAMAN_DISABLED: 503,
  BUSY: 503,
} satisfies Record<FarmErrorCode, number>

const jobTypeStatus = {
  JOB_TYPE_UNKNOWN: 404,
  JOB_TYPE_CHANGED: 412,
  JOB_SETTINGS_INVALID: 400,
  JOB_SCRIPT_BROKEN: 500,
  JOB_SCRIPT_FAILED: 400,
  JOB_SCRIPT_TIME_LIMIT: 400,
  JOB_SCRIPT_MEMORY_LIMIT: 400,
  JOB_SCRIPT_OUTPUT_LIMIT: 400,
  JOB_COMPILER_CRASHED: 400,
  JOB_COMPILER_BUSY: 503,
  JOB_COMPILER_CLOSED: 503,
  JOB_COMPILER_UNSUPPORTED: 503,
} satisfies Record<JobTypeErrorCode, number>

/** The only place that turns what went wrong into an HTTP answer. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const { status, body } = answerFor(error)
  if (status >= 500) {
    request.log.error({ err: error, method: request.method, url: request.url }, 'request failed')
  }
  if (status === 503) reply.header('retry-after', '1')
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="farm"')
  reply.code(status).type('application/json').send(JSON.stringify(body))
}

function answerFor(error: unknown): { status: number; body: ErrorBody } {
  if (error instanceof FarmError) {
    return withFacts(farmStatus[error.code], error, error.fields)
  }
  if (error instanceof JobTypeError) {
    return withFacts(jobTypeStatus[error.code], error, problemFields(error))
  }
  if (isSqlite(error, 'SQLITE_BUSY')) {
    return plain(503, 'The database is busy', 'Try again in a second.')
  }
  const known = error as Partial<FastifyError>
  if (known.validation) return plain(400, known.message ?? 'The request is wrong')
  if (typeof known.statusCode === 'number' && known.statusCode < 500) {
    return plain(httpStatus(known), known.message ?? 'The request is wrong')
  }
  return plain(500, 'The manager failed to answer; its log has the details')
}

/** Flamenco's validator answers 400 where Fastify has a status of its own for a body it cannot read. */
function httpStatus({ code, statusCode }: Partial<FastifyError>): number {
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return 413
  return code?.startsWith('FST_ERR_CTP') ? 400 : statusCode!
}

function withFacts(
  status: number,
  error: { message: string; code: string; hint: string | undefined },
  fields?: readonly { field: string; message: string }[],
): { status: number; body: ErrorBody } {
  return {
    status,
    body: {
      code: status,
      message: error.message,
      error_code: error.code,
      ...(error.hint ? { hint: error.hint } : {}),
      ...(fields && fields.length > 0 ? { fields: [...fields] } : {}),
    },
  }
}

function plain(
  status: number,
  message: string,
  hint?: string,
): { status: number; body: ErrorBody } {
  return { status, body: { code: status, message, ...(hint ? { hint } : {}) } }
}

function problemFields(error: JobTypeError): { field: string; message: string }[] {
  const { problems } = error.detail as { problems?: { key?: string; message: string }[] }
  return (problems ?? []).map(({ key, message }) => ({ field: `settings.${key}`, message }))
}
