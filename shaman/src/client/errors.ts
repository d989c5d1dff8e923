import { CodedError, type ErrorFacts } from '@shaman-farm/terminal/coded-error'

/** A request to a store that failed for good: `code` is the server's error code, or one of the client's own. */
export class ShamanClientError extends CodedError {
  override readonly name = 'ShamanClientError'
  /** Of the server's answer, when there was one. */
  readonly status: number | undefined

  constructor(
    code: string,
    message: string,
    { status, ...facts }: ErrorFacts & { status?: number | undefined } = {},
  ) {
    super(code, message, facts)
    this.status = status
  }
}
