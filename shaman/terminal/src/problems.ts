import { CommanderError } from 'commander'
import pc from 'picocolors'
import { CodedError, type ErrorFacts } from './coded-error.ts'

/** A problem the person at the terminal can mend: printed without a stack. */
export class UserError extends CodedError {
  override readonly name = 'UserError'

  constructor(message: string, { code, ...facts }: ErrorFacts & { code: string }) {
    super(code, message, facts)
  }
}

/**
 * Runs a command's action and turns what it throws into an exit code: 0 done, 1 a problem told in words, 2 wrong
 * usage, 70 a defect of ours (with its stack). With `json`, the problem is one JSON line on standard output.
 */
export async function runCommand(
  action: () => Promise<void>,
  options: { json?: boolean } = {},
): Promise<void> {
  try {
    await action()
  } catch (error) {
    process.exitCode = exitCodeOf(error)
    if (!(error instanceof CommanderError)) printProblem(error, options)
  }
}

export function printProblem(error: unknown, options: { json?: boolean } = {}): void {
  const facts = factsOf(error)
  if (options.json) {
    const line = {
      v: 1,
      event: 'error',
      code: facts.code,
      message: messageOf(error),
      hint: facts.hint,
    }
    process.stdout.write(`${JSON.stringify(line)}\n`)
    return
  }
  process.stderr.write(`${pc.red('error')}: ${messageOf(error)}\n`)
  if (facts.hint) process.stderr.write(`${facts.hint}\n`)
  if (!facts.code && error instanceof Error) process.stderr.write(`${pc.dim(error.stack ?? '')}\n`)
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  return factsOf(error).code ? 1 : 70
}

function factsOf(error: unknown): { code: string | undefined; hint: string | undefined } {
  const { code, hint } = (error ?? {}) as { code?: unknown; hint?: unknown }
  const known = typeof code === 'string' ? code : undefined
  return {
    code: known,
    hint: typeof hint === 'string' ? hint : systemHints[known ?? ''],
  }
}

/** What to do about what the operating system refuses, whichever file it is about: its message names that. */
const systemHints: Readonly<Record<string, string>> = {
  EACCES: 'Give yourself the right to use that file or folder, or name another one.',
  EADDRINUSE: 'Something else listens on that port: stop it, or choose another port.',
  EDQUOT: 'Your quota is used up: free some space, or name a place on another disk.',
  EEXIST: 'Something is there already: move it away, or name another place.',
  EIO: 'The disk or its connection has a fault: look at the system log.',
  EMFILE: 'Too many files are open: raise the limit (ulimit -n).',
  ENOENT: 'Check how the path is written, and that its disk is mounted and can be written to.',
  ENOSPC: 'The disk is full: free some space, or name a place on another disk.',
  ENOTDIR: 'A file is where a folder was expected: name another place.',
  EPERM: 'Give yourself the right to use that file or folder, or name another one.',
  EROFS: 'That disk is mounted read-only: name a place on another one.',
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
