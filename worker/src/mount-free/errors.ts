export type CacheErrorCode =
  | 'BLOB_DAMAGED'
  | 'BLOB_MISSING'
  | 'CACHE_FULL'
  | 'STORE_REFUSED'
  | 'STORE_STALLED'

/** Why a job's files could not be brought to this machine, or its frames away from it. */
export class CacheError extends Error {
  override readonly name = 'CacheError'
  readonly code: CacheErrorCode
  readonly detail: Readonly<Record<string, unknown>>

  constructor(
    code: CacheErrorCode,
    message: string,
    detail: Record<string, unknown> = {},
    options?: ErrorOptions,
  ) {
    super(message, options)
    this.code = code
    this.detail = detail
  }
}
