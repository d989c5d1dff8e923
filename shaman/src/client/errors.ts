import { CodedError, type ErrorFacts } from '@shaman-farm/terminal/coded-error'

/** A request to a store that failed for good: `code` is the server's error code, or one of the client's own. */
export class ShamanClientError extends CodedError {
  override readonly name = 'ShamanClientError'
  /** Of the server's answer, when there was one. */
  readonly status: number | undefined
  /** How long the server asks to wait before another attempt; 0 when it does not tell. */
  readonly retryAfterMs: number

  constructor(
    code: string,
    message: string,
    { status, retryAfterMs = 0, ...facts }: ClientErrorFacts = {},
  ) {
    super(code, message, facts)
    this.status = status
    this.retryAfterMs = retryAfterMs
  }
}

/** What stands beside a {@link ShamanClientError}. */
export interface ClientErrorFacts extends ErrorFacts {
  status?: number | undefined
  retryAfterMs?: number
}
