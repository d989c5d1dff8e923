import { CodedError } from '@shaman-farm/terminal/coded-error'

export type DatabaseErrorCode =
  | 'DATABASE_UNREADABLE'
  | 'DATABASE_LOCKED'
  | 'DATABASE_MISSING'
  | 'DATABASE_CORRUPT'
  | 'DATABASE_TOO_NEW'

/** A database that cannot be used as it is. */
export class DatabaseError extends CodedError<DatabaseErrorCode> {
  override readonly name = 'DatabaseError'
}
