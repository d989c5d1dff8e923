export type ManagerErrorCode = 'MANAGER_UNREACHABLE' | 'MANAGER_TIMEOUT' | 'MANAGER_REFUSED'

/** The manager could not be asked, or refused. `status` is 0 when there was no answer. */
export class ManagerError extends Error {
  override readonly name = 'ManagerError'
  readonly code: ManagerErrorCode
  readonly status: number
  readonly body: unknown
  readonly hint: string | undefined

  constructor(
    code: ManagerErrorCode,
    message: string,
    facts: { status?: number; body?: unknown; hint?: string | undefined; cause?: unknown } = {},
  ) {
    super(message, { cause: facts.cause })
    this.code = code
    this.status = facts.status ?? 0
    this.body = facts.body
    this.hint = facts.hint
  }
}
