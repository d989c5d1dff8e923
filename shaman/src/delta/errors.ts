import { CodedError } from '@shaman-farm/terminal/coded-error'

/** Why a delta upload was refused; each is answered by sending the whole file instead. */
export type DeltaErrorCode =
  | 'CHUNK_MAP_INVALID'
  | 'RECIPE_INVALID'
  | 'RECIPE_TOO_LARGE'
  | 'BASES_MISSING'
  | 'BASE_CHANGED'
  | 'SPLICES_BUSY'

/** A chunk map or a recipe that cannot be used, with the facts in `detail`. */
export class DeltaError extends CodedError<DeltaErrorCode> {
  override readonly name = 'DeltaError'

  constructor(
    code: DeltaErrorCode,
    message: string,
    detail: Record<string, unknown> = {},
    options: ErrorOptions = {},
  ) {
    super(code, message, { ...options, detail })
  }
}
