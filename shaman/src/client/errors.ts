/** A request to a store that failed for good: `code` is the server's error code, or one of the client's own. */
export class ShamanClientError extends Error {
  override readonly name = 'ShamanClientError'
  readonly code: string
  readonly status: number | undefined
  readonly hint: string | undefined
  readonly detail: Readonly<Record<string, unknown>>

  constructor(
    code: string,
    message: string,
    facts: {
      status?: number | undefined
      hint?: string | undefined
      detail?: Record<string, unknown>
      cause?: unknown
    } = {},
  ) {
    super(message, { cause: facts.cause })
    this.code = code
    this.status = facts.status
    this.hint = facts.hint
    this.detail = facts.detail ?? {}
  }
}
