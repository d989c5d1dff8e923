import { CodedError } from '@shaman-farm/terminal/coded-error'
import type { BlendErrorCode } from './blend/errors.ts'

/** What can go wrong between a .blend on an artist's disk and a pack or a job on the farm. */
export type PackErrorCode =
  | BlendErrorCode
  | 'ARCHIVE_KIND_UNKNOWN'
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

/** Something that could not be packed or sent. */
export class PackError extends CodedError<PackErrorCode> {
  override readonly name = 'PackError'
}

/** The system's code of an error (`ENOENT`...), when it has one. */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'string' ? code : undefined
}
