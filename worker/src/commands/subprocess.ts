import { quoteCommandLine } from '../process/command-line.ts'
import { type RunResult, runProcess } from '../process/run.ts'
import { type CommandContext, CommandError, type CommandLimits } from './command.ts'
import { tellLimit } from './limits.ts'

/** Output is remembered up to here, to tell why a command failed. */
const rememberedLines = 400

export interface SubprocessResult extends RunResult {
  limits: CommandLimits
  /** The last lines of output. */
  lines: readonly string[]
}

/** Runs a program with its command line and output in the task log. Resolves whatever its exit code. */
export async function runLogged(
  argv: readonly string[],
  context: CommandContext,
  onLine: (line: string) => void = () => {},
): Promise<SubprocessResult> {
  const lines: string[] = []
  let pid = 0
  context.log(quoteCommandLine(argv))
  const result = await runProcess({
    argv,
    guard: context.guard,
    signal: context.signal,
    limits: context.limits,
    env: context.env,
    presence: context.presence,
    onHold(isHeld) {
      const what = isHeld ? 'holds still: somebody uses this machine' : 'goes on'
      context.log(`pid=${pid} > ${what}`)
      context.activity(isHeld ? 'Waiting: somebody uses this machine' : 'Going on')
    },
    onStart(started) {
      pid = started
      context.log(`pid=${pid} > started`)
    },
    onLine(line) {
      context.log(`pid=${pid} > ${line}`)
      lines.push(line)
      if (lines.length > 2 * rememberedLines) lines.splice(0, rememberedLines)
      onLine(line)
    },
  })
  return { ...result, limits: context.limits, lines }
}

/** Throws what every program's end may mean; an exit code of 0 passes. */
export function assertEndedWell(
  name: string,
  argv: readonly string[],
  result: SubprocessResult,
): void {
  const last = result.lines.slice(-10)
  const overLimit = (what: string): CommandError =>
    new CommandError('timeout', `${name} ${what} and was stopped`, last)
  if (result.startError) throw notStarted(argv[0] ?? '', result.startError)
  switch (result.endedBy) {
    case 'cancel':
      throw new CommandError('canceled', `${name} was canceled`)
    case 'stall':
      throw overLimit(`gave no output for ${tellLimit(result.limits, 'stallMs')}`)
    case 'time-limit':
      throw overLimit(`took longer than ${tellLimit(result.limits, 'timeLimitMs')}`)
    case 'itself':
  }
  if (result.signal) throw endedBySignal(name, result.signal, last)
  if (result.exitCode !== 0) {
    throw new CommandError('other', `${name} failed with exit code ${result.exitCode}`, last)
  }
}

function notStarted(exe: string, error: NodeJS.ErrnoException): CommandError {
  const message =
    error.code === 'ENOENT'
      ? `The program "${exe}" was not found on this worker`
      : `The program "${exe}" could not be started: ${error.code ?? error.message}`
  return new CommandError('other', message, [], { cause: error })
}

function endedBySignal(name: string, signal: string, last: readonly string[]): CommandError {
  // Nobody but the kernel, short of memory, KILLs a render out of nothing.
  if (signal === 'SIGKILL') {
    return new CommandError(
      'out-of-memory',
      `${name} was killed (SIGKILL), most likely because the machine ran out of memory`,
      last,
    )
  }
  return new CommandError('crash', `${name} crashed (${signal})`, last)
}
