import type { JobTypeErrorCode } from './errors.ts'
import type { CompilerLimits } from './limits.ts'
import type { ScriptFailure } from './messages.ts'

export class LimitReached extends Error {
  override readonly name = 'LimitReached'
  readonly limit: 'time' | 'memory' | 'output'

  constructor(limit: 'time' | 'memory' | 'output', message = '') {
    super(message)
    this.limit = limit
  }
}

export interface FailureContext {
  kind: 'describe' | 'compile'
  script: string
  limits: CompilerLimits
}

const maxTextLength = 2000
// isolated-vm's own wording; a script that throws an Error with this text only misleads its author.
const timeoutText = 'Script execution timed out.'

/** What went wrong in a script, in words for whoever submitted the job: which script, which line, what. */
export function describeFailure(error: unknown, context: FailureContext): ScriptFailure {
  const limit = limitOf(error)
  if (limit) return { ...limitFailure(limit, error as Error, context), script: context.script }
  const text = cut(textOf(error))
  const code = context.kind === 'describe' ? 'JOB_SCRIPT_BROKEN' : 'JOB_SCRIPT_FAILED'
  const place = placeOf(error)
  if (!place) return { code, message: `${context.script}: ${text}`, script: context.script }
  return { code, message: `${place.script}:${place.line}: ${text}`, ...place }
}

function limitOf(error: unknown): LimitReached['limit'] | undefined {
  if (error instanceof LimitReached) return error.limit
  return error instanceof Error && error.message === timeoutText ? 'time' : undefined
}

function limitFailure(
  limit: LimitReached['limit'],
  error: Error,
  { kind, script, limits }: FailureContext,
): { code: JobTypeErrorCode; message: string } {
  if (limit === 'time') {
    const ms = kind === 'describe' ? limits.describeMs : limits.compileMs
    return {
      code: 'JOB_SCRIPT_TIME_LIMIT',
      message: `${script}: stopped after ${ms / 1000} s, the time a job type script may take`,
    }
  }
  if (limit === 'memory') {
    return {
      code: 'JOB_SCRIPT_MEMORY_LIMIT',
      message: `${script}: stopped at ${limits.heapMib} MiB, the memory a job type script may use`,
    }
  }
  return {
    code: 'JOB_SCRIPT_OUTPUT_LIMIT',
    message: `${script}: the job is too large: ${error.message}`,
  }
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // Syntax errors carry their place at the end of the message.
  const message = error.message.replace(/ \[[^\]\n]*:\d+:\d+\]$/, '')
  return error.name === 'Error' || message === ''
    ? message || error.name
    : `${error.name}: ${message}`
}

function placeOf(error: unknown): { script: string; line: number; column: number } | undefined {
  if (!(error instanceof Error)) return undefined
  const syntax = / \[([^\]\n]*):(\d+):(\d+)\]$/.exec(error.message)
  const frame = syntax ?? firstScriptFrame(String(error.stack).slice(0, 20_000))
  if (!frame) return undefined
  return { script: frame[1]!.slice(0, 500), line: Number(frame[2]), column: Number(frame[3]) }
}

/** The topmost stack line that lies in a script rather than in the script library or the host. */
function firstScriptFrame(stack: string): RegExpExecArray | undefined {
  for (const line of stack.split('\n')) {
    if (line.includes('<isolated-vm boundary>')) return undefined
    const frame = /^ {4}at (?:.*\()?([^()]+?):(\d+):(\d+)\)?$/.exec(line)
    if (frame && !/^(?:farm|file|node):/.test(frame[1]!)) return frame
  }
  return undefined
}

function cut(text: string): string {
  return text.length > maxTextLength ? `${text.slice(0, maxTextLength)}…` : text
}
