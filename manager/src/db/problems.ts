export type DatabaseErrorCode =
  | 'DATABASE_UNREADABLE'
  | 'DATABASE_LOCKED'
  | 'DATABASE_CORRUPT'
  | 'DATABASE_TOO_NEW'

export class DatabaseError extends Error {
  override readonly name = 'DatabaseError'
  readonly code: DatabaseErrorCode
  readonly hint: string | undefined

  constructor(
    code: DatabaseErrorCode,
    message: string,
    facts: { hint?: string; cause?: unknown } = {},
  ) {
    super(message, { cause: facts.cause })
    this.code = code
    this.hint = facts.hint
  }
}
