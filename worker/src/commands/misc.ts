import { setTimeout as delay } from 'node:timers/promises'
import { CommandError, type RunCommand } from './command.ts'
import { withinLimits } from './limits.ts'
import { readParameters } from './parameters.ts'
import { assertEndedWell, runLogged } from './subprocess.ts'

export const echo: RunCommand = async (parameters, context) => {
  const message = readParameters('echo', parameters).any('message')
  context.log(`echo: ${JSON.stringify(message)}`)
}

export const sleep: RunCommand = async (parameters, context) => {
  const seconds = readParameters('sleep', parameters).number('duration_in_seconds')
  if (seconds < 0) throw new CommandError('other', `sleep: cannot sleep for ${seconds} seconds`)
  const whole = Math.trunc(seconds)
  context.log(`slumbering ${whole} seconds`)
  await withinLimits('sleep', context, (signal) => delay(whole * 1000, undefined, { signal }))
  context.log('slumbering done')
}

export const exec: RunCommand = async (parameters, context) => {
  const read = readParameters('exec', parameters)
  const argv = [read.text('exe'), ...read.list('args')]
  assertEndedWell(argv[0]!, argv, await runLogged(argv, context))
}
