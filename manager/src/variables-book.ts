import type { LiveConfig } from './config/config.ts'
import {
  expandParameters,
  expandVariables,
  readVariables,
  toVariables,
  type Variable,
} from './variables/main.ts'

/** The variables of the present configuration, read once per configuration. */
export interface VariableBook {
  readonly managerPlatform: string
  variables(): readonly Variable[]
  expandForWorker(parameters: Record<string, unknown>, platform: string): Record<string, unknown>
  /** A path as a worker of that platform names it, as the manager does. */
  pathHere(path: string, platform: string): string
}

export function createVariableBook(config: LiveConfig): VariableBook {
  let read: { of: unknown; variables: readonly Variable[] } | undefined
  const managerPlatform = platformName(process.platform)
  const variables = (): readonly Variable[] => {
    const { current } = config
    if (read?.of !== current) {
      const { variables: found } = readVariables(current.raw.variables, {
        jobsDir: current.jobsLocation,
      })
      read = { of: current, variables: found }
    }
    return read.variables
  }
  return {
    managerPlatform,
    variables,
    expandForWorker: (parameters, platform) =>
      expandParameters(parameters, {
        variables: variables(),
        audience: 'workers',
        platform,
        managerPlatform,
      }),
    pathHere: (path, platform) =>
      expandVariables(toVariables(path, { variables: variables(), platform }), {
        variables: variables(),
        audience: 'workers',
        platform: managerPlatform,
        managerPlatform,
      }),
  }
}

/** Flamenco's clients use Go's names. */
export function platformName(platform: NodeJS.Platform): string {
  return platform === 'win32' ? 'windows' : platform
}
