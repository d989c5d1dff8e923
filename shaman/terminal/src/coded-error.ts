/** What stands beside a {@link CodedError}. */
export interface ErrorFacts {
  /** For programs and reports. */
  detail?: Readonly<Record<string, unknown>> | undefined
  /** One sentence a person can act on. */
  hint?: string | undefined
  cause?: unknown
}

/**
 * A problem that was foreseen: a stable code to act on, in upper case, and a hint to follow. Each package names its own
 * codes in a class of its own; anything unforeseen stays a plain Error.
 */
export class CodedError<Code extends string = string> extends Error {
  readonly code: Code
  readonly detail: Readonly<Record<string, unknown>>
  readonly hint: string | undefined

  constructor(code: Code, message: string, { detail = {}, hint, cause }: ErrorFacts = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.detail = detail
    this.hint = hint
  }
}
