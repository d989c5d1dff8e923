import { formatDuration } from '@shaman-farm/terminal'
import { longestTimerMs, type ProcessLimits } from '../process/run.ts'
import {
  type CommandContext,
  CommandError,
  type CommandLimits,
  type Parameters,
  type TimedLimit,
} from './command.ts'
import { readParameters } from './parameters.ts'

/** Parameters of any command that decide how long its program may run, not what it makes. */
export const limitParameters = ['timeLimitMinutes', 'stallMinutes'] as const

/**
 * The worker's limits, but for those that the command brings along. Minutes, fractions too; 0 lifts the worker's limit.
 *
 * @throws CommandError when a limit is no number or below 0
 */
export function limitsFor(
  { name, parameters }: { name: string; parameters: Parameters },
  limits: ProcessLimits,
): CommandLimits {
  const [timeLimitMs, stallMs] = limitParameters.map((limit) =>
    readMinutes(name, parameters, limit),
  )
  const own = {
    ...(timeLimitMs === undefined ? {} : { timeLimitMs }),
    ...(stallMs === undefined ? {} : { stallMs }),
  }
  return { ...limits, ...own, own: new Set(Object.keys(own) as TimedLimit[]) }
}

/** How long a limit is and who set it, for whoever has to raise it. */
export function tellLimit(limits: CommandLimits, which: TimedLimit): string {
  const owner = limits.own?.has(which) ? 'that the job sets for this command' : 'of this worker'
  return `${formatDuration(limits[which] ?? 0)}, the limit ${owner},`
}

/**
 * Does the work of a command that is no program; its signal tells when the task is canceled or the time limit is reached.
 *
 * @throws CommandError `canceled` or `timeout` when the work rejects after that
 */
export async function withinLimits(
  name: string,
  { signal, limits }: Pick<CommandContext, 'signal' | 'limits'>,
  work: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const { timeLimitMs } = limits
  const over = timeLimitMs ? AbortSignal.timeout(Math.min(timeLimitMs, longestTimerMs)) : undefined
  try {
    await work(over ? AbortSignal.any([signal, over]) : signal)
  } catch (cause) {
    if (signal.aborted) throw new CommandError('canceled', `${name} was canceled`, [], { cause })
    if (!over?.aborted) throw cause
    const message = `${name} took longer than ${tellLimit(limits, 'timeLimitMs')} and was stopped`
    throw new CommandError('timeout', message, [], { cause })
  }
}

/** What the task log says of limits that are not the worker's; undefined when all are. */
export function describeOwnLimits(own: ProcessLimits, workers: ProcessLimits): string | undefined {
  const facts = [
    own.timeLimitMs === workers.timeLimitMs ? '' : `${orNone(own.timeLimitMs)} in all`,
    own.stallMs === workers.stallMs ? '' : `${orNone(own.stallMs)} without output`,
  ].filter((fact) => fact !== '')
  return facts.length === 0 ? undefined : `limits of this command: ${facts.join(', ')}`
}

function orNone(ms: number | undefined): string {
  return ms ? formatDuration(ms) : 'any time'
}

function readMinutes(
  command: string,
  parameters: Parameters,
  name: (typeof limitParameters)[number],
): number | undefined {
  const minutes = readParameters(command, parameters).optionalNumber(name)
  if (minutes === undefined) return undefined
  if (minutes >= 0) return minutes * 60_000
  throw new CommandError(
    'other',
    `${command}: parameter "${name}" is ${minutes}, expected minutes, or 0 for no limit`,
  )
}
