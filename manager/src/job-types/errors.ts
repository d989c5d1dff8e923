import { CodedError } from '@shaman-farm/terminal/coded-error'

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
  | 'JOB_COMPILER_UNSUPPORTED'

/** Where in a script something went wrong; `line` and `column` count from one. */
export interface ScriptPlace {
  script: string
  line?: number
  column?: number
}

/** A script of a job type that could not be read or run, or what it was asked for. */
export class JobTypeError extends CodedError<JobTypeErrorCode> {
  override readonly name = 'JobTypeError'
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
