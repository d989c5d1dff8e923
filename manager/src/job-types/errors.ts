export type JobTypeErrorCode =
  | 'JOB_TYPE_UNKNOWN'
  | 'JOB_TYPE_CHANGED'
  | 'JOB_SETTINGS_INVALID'
  | 'JOB_SCRIPT_BROKEN'
  | 'JOB_SCRIPT_FAILED'
  | 'JOB_SCRIPT_TIME_LIMIT'
  | 'JOB_SCRIPT_MEMORY_LIMIT'
  | 'JOB_SCRIPT_OUTPUT_LIMIT'
  | 'JOB_COMPILER_CRASHED'
  | 'JOB_COMPILER_BUSY'
  | 'JOB_COMPILER_CLOSED'

/** Where in a script something went wrong; `line` and `column` count from one. */
export interface ScriptPlace {
  script: string
  line?: number
  column?: number
}

export interface JobTypeErrorFacts {
  detail?: Record<string, unknown>
  hint?: string
  cause?: unknown
}

export class JobTypeError extends Error {
  override readonly name = 'JobTypeError'
  readonly code: JobTypeErrorCode
  readonly detail: Readonly<Record<string, unknown>>
  readonly hint: string | undefined

  constructor(code: JobTypeErrorCode, message: string, facts: JobTypeErrorFacts = {}) {
    super(message, { cause: facts.cause })
    this.code = code
    this.detail = facts.detail ?? {}
    this.hint = facts.hint
  }
}

/** The same script, run again, may well do better: such a failure must not be remembered. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof JobTypeError)) return true
  return [
    'JOB_SCRIPT_TIME_LIMIT',
    'JOB_COMPILER_CRASHED',
    'JOB_COMPILER_BUSY',
    'JOB_COMPILER_CLOSED',
  ].includes(error.code)
}
