import type { BlendErrorCode } from './blend/errors.ts'

/** What can go wrong between a .blend on an artist's disk and a pack or a job on the farm. */
export type PackErrorCode =
  | BlendErrorCode
  | 'BLEND_MISSING'
  | 'BLEND_OUTSIDE_PROJECT'
  | 'CANCELED'
  | 'FILES_MISSING'
  | 'FILE_CHANGED'
  | 'FILE_UNREADABLE'
  | 'FOLDER_NOT_EMPTY'
  | 'JOB_REJECTED'
  | 'JOB_TYPE_CHANGED'
  | 'JOB_TYPE_UNKNOWN'
  | 'MANAGER_FAILED'
  | 'MANAGER_NOT_ALLOWED'
  | 'MANAGER_SLOW'
  | 'MANAGER_UNREACHABLE'
  | 'NOT_A_MANAGER'
  | 'NOT_A_PACK'
  | 'OUTPUT_ROOT_UNKNOWN'
  | 'PATH_TOO_LONG'
  | 'REWRITE_FAILED'
  | 'SETTING_INVALID'
  | 'SETTING_UNKNOWN'
  | 'STORE_DISABLED'
  | 'STORE_FULL'
  | 'TAG_UNKNOWN'

/** Facts around a {@link PackError}. */
export interface PackErrorFacts {
  detail?: Readonly<Record<string, unknown>>
  /** One sentence the artist can act on. */
  hint?: string
  cause?: unknown
}

/** Something that could not be packed or sent, with a code to act on and a hint to follow. */
export class PackError extends Error {
  override readonly name = 'PackError'
  readonly code: PackErrorCode
  readonly detail: Readonly<Record<string, unknown>>
  readonly hint: string | undefined

  constructor(code: PackErrorCode, message: string, facts: PackErrorFacts = {}) {
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
