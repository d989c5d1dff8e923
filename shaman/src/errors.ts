import { CodedError } from '@shaman-farm/terminal/coded-error'

/** What can go wrong in the store, as codes a caller can act on. */
export type ShamanErrorCode =
  | 'DIGEST_INVALID'
  | 'PATH_UNSAFE'
  | 'REQUEST_INVALID'
  | 'TOO_LARGE'
  | 'BLOB_MISSING'
  | 'BLOB_SIZE_MISMATCH'
  | 'BLOB_DIGEST_MISMATCH'
  | 'UPLOAD_DEFERRED'
  | 'UPLOAD_INTERRUPTED'
  | 'OFFSET_MISMATCH'
  | 'CHECKOUT_INCOMPLETE'
  | 'CHECKOUT_EXISTS'
  | 'CHECKOUT_MISSING'
  | 'CHECKOUT_PINNED'
  | 'RANGE_INVALID'
  | 'NO_SPACE'
  | 'STORE_ABSENT'
  | 'STORE_ELSEWHERE'
  | 'STORE_LOCKED'
  | 'STORE_BUSY'
  | 'STORE_FAULT'
  | 'GC_REFUSED'
  | 'GC_PLAN_UNKNOWN'
  | 'MANIFEST_CORRUPT'

/** A problem the store foresaw. */
export class ShamanError extends CodedError<ShamanErrorCode> {
  override readonly name = 'ShamanError'
}

/** Whether an unknown thing is an error with this code (a system call's or ours). */
export function isCode(error: unknown, ...codes: readonly string[]): boolean {
  const code = (error as { code?: unknown } | null | undefined)?.code
  return typeof code === 'string' && codes.includes(code)
}
