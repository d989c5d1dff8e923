/** Why a delta upload was refused; each is answered by sending the whole file instead. */
export type DeltaErrorCode =
  | 'CHUNK_MAP_INVALID'
  | 'RECIPE_INVALID'
  | 'RECIPE_TOO_LARGE'
  | 'BASES_MISSING'
  | 'BASE_CHANGED'

/** A chunk map or a recipe that cannot be used, with the facts in `detail`. */
export class DeltaError extends Error {
  override readonly name = 'DeltaError'
  readonly code: DeltaErrorCode
  readonly detail: Readonly<Record<string, unknown>>

  constructor(
    code: DeltaErrorCode,
    message: string,
    detail: Record<string, unknown> = {},
    options?: ErrorOptions,
  ) {
    super(message, options)
    this.code = code
    this.detail = detail
  }
}
