import { CodedError, type ErrorFacts } from '@shaman-farm/terminal/coded-error'

export type FarmErrorCode =
  | 'BAD_REQUEST'
  | 'BAD_ID'
  | 'JOB_UNKNOWN'
  | 'TASK_UNKNOWN'
  | 'WORKER_UNKNOWN'
  | 'TAG_UNKNOWN'
  | 'TAG_NAME_TAKEN'
  | 'TAG_NOT_ASSIGNABLE'
  | 'NOT_AUTHENTICATED'
  | 'NOT_FOR_WEB_PAGES'
  | 'HOST_NOT_ALLOWED'
  | 'TOKEN_NEEDED'
  | 'TOKEN_UNKNOWN'
  | 'TOKEN_NOT_FOUND'
  | 'ROLE_TOO_LOW'
  | 'ENROLMENT_REFUSED'
  | 'WORKER_NOT_APPROVED'
  | 'TOO_MANY_ATTEMPTS'
  | 'WORKER_NOT_AWAKE'
  | 'TASK_NOT_YOURS'
  | 'TASK_NOT_ACTIVE'
  | 'STATUS_NOT_ALLOWED'
  | 'STATUS_NOT_FOR_WORKERS'
  | 'CANNOT_RESTART'
  | 'NOTHING_MATCHES'
  | 'OUTPUT_ELSEWHERE'
  | 'OUTPUT_NOT_STORED'
  | 'IMAGE_LENGTH_MISSING'
  | 'IMAGE_TOO_LARGE'
  | 'IMAGE_QUEUE_FULL'
  | 'ATTENTION_UNKNOWN'
  | 'CHECKOUT_UNKNOWN'
  | 'TRACE_FAILED'
  | 'BLOBS_IN_BUCKET'
  | 'REVISION_UNKNOWN'
  | 'REVISION_NOT_LAST'
  | 'CONFIG_INVALID'
  | 'SHAMAN_DISABLED'
  | 'BUSY'

/** A request that cannot be granted, for a reason its sender can understand. */
export class FarmError extends CodedError<FarmErrorCode> {
  override readonly name = 'FarmError'
  readonly fields: readonly { field: string; message: string }[] | undefined

  constructor(
    code: FarmErrorCode,
    message: string,
    {
      fields,
      ...facts
    }: ErrorFacts & { fields?: readonly { field: string; message: string }[] } = {},
  ) {
    super(code, message, facts)
    this.fields = fields
  }
}
