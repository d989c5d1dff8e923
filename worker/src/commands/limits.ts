import { formatDuration } from '@shaman-farm/terminal'
import type { ProcessLimits } from '../process/run.ts'
import { CommandError, type Parameters } from './command.ts'
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
): ProcessLimits {
  const [timeLimitMs, stallMs] = limitParameters.map((limit) =>
    readMinutes(name, parameters, limit),
  )
  return {
    ...limits,
    ...(timeLimitMs === undefined ? {} : { timeLimitMs }),
    ...(stallMs === undefined ? {} : { stallMs }),
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
