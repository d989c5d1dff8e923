/** What can go wrong between a .blend on an artist's disk and a job on the farm. */
export type SendErrorCode =
  | 'BLEND_MISSING'
  | 'CANCELED'
  | 'FILES_MISSING'
  | 'FILE_CHANGED'
  | 'FILE_UNREADABLE'
  | 'JOB_REJECTED'
  | 'JOB_TYPE_CHANGED'
  | 'JOB_TYPE_UNKNOWN'
  | 'MANAGER_FAILED'
  | 'MANAGER_NOT_ALLOWED'
  | 'MANAGER_SLOW'
  | 'MANAGER_UNREACHABLE'
  | 'NOT_A_MANAGER'
  | 'OUTPUT_ROOT_UNKNOWN'
  | 'SETTING_INVALID'
  | 'SETTING_UNKNOWN'
  | 'STORE_DISABLED'
  | 'STORE_FULL'
  | 'TAG_UNKNOWN'

/** Facts around a {@link SendError}. */
export interface SendErrorFacts {
  detail?: Readonly<Record<string, unknown>>
  /** One sentence the artist can act on. */
  hint?: string
  cause?: unknown
}

/** A submission that did not happen, with a code to act on and a hint to follow. */
export class SendError extends Error {
  override readonly name = 'SendError'
  readonly code: SendErrorCode
  readonly detail: Readonly<Record<string, unknown>>
  readonly hint: string | undefined

  constructor(code: SendErrorCode, message: string, facts: SendErrorFacts = {}) {
    super(message, { cause: facts.cause })
    this.code = code
    this.detail = facts.detail ?? {}
    this.hint = facts.hint
  }
}

/** The system's code of an error (`ENOENT`...), when it has one. */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'string' ? code : undefined
}
