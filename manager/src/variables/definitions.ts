export type Audience = 'workers' | 'users'

/** The variables of the configuration file, as written there. */
export type VariablesConfig = Readonly<Record<string, VariableConfig>>

export interface VariableConfig {
  is_twoway?: boolean | undefined
  values?: readonly VariableValueConfig[] | undefined
}

export interface VariableValueConfig {
  audience?: string | undefined
  platform?: string | undefined
  platforms?: readonly string[] | undefined
  value: string
}

export interface VariableValue {
  audience: Audience | 'all'
  /** As job submitters and workers name themselves: linux, darwin, windows; `all` fits every platform. */
  platform: string
  value: string
}

export interface Variable {
  name: string
  isTwoway: boolean
  values: readonly VariableValue[]
}

/** Where one variable points for one audience on one platform. */
export interface ResolvedVariable {
  name: string
  isTwoway: boolean
  value: string
}

export interface Definitions {
  variables: readonly Variable[]
  /** What in the configuration is odd; such a value is left out rather than guessed. */
  warnings: readonly string[]
}

const anyPlatform = 'all'
/** The folder that holds the jobs' files; always there, one-way, and not for configuration. */
const jobsVariable = 'jobs'

export function readVariables(config: VariablesConfig, implicit: { jobsDir: string }): Definitions {
  const warnings: string[] = []
  const variables: Variable[] = []
  for (const [name, variable] of Object.entries(config)) {
    if (name === jobsVariable) {
      warnings.push(`variable "${name}" is the manager's own; the configured one is not used`)
    } else if (/^[^{}\s]+$/.test(name)) {
      variables.push(readVariable(name, variable, warnings))
    } else {
      warnings.push(`"${name}" is no name for a variable`)
    }
  }
  const jobs: VariableValue = {
    audience: 'all',
    platform: anyPlatform,
    value: implicit.jobsDir,
  }
  return {
    variables: [...variables, { name: jobsVariable, isTwoway: false, values: [jobs] }],
    warnings,
  }
}

// Every text of every task asks; the answers live as long as the definitions they belong to.
// Platforms are free text that clients send, so their number is bound.
const maxRemembered = 32
const resolved = new WeakMap<readonly Variable[], Map<string, readonly ResolvedVariable[]>>()

/** What each variable is for one audience and platform; those without a value there are absent. */
export function resolveVariables(
  variables: readonly Variable[],
  target: { audience: Audience; platform: string },
): readonly ResolvedVariable[] {
  const known = resolved.get(variables) ?? new Map<string, readonly ResolvedVariable[]>()
  resolved.set(variables, known)
  const key = `${target.audience} ${target.platform}`
  const values = known.get(key) ?? resolveNow(variables, target)
  if (known.size < maxRemembered) known.set(key, values)
  return values
}

function resolveNow(
  variables: readonly Variable[],
  target: { audience: Audience; platform: string },
): readonly ResolvedVariable[] {
  return variables.flatMap(({ name, isTwoway, values }) => {
    const value = pickValue(values, target)
    return value === undefined ? [] : [{ name, isTwoway, value }]
  })
}

/** A value for this very platform beats one for all of them; then one for this very audience. */
function pickValue(
  values: readonly VariableValue[],
  { audience, platform }: { audience: Audience; platform: string },
): string | undefined {
  const fitting = values.filter(
    (value) =>
      (value.platform === platform || value.platform === anyPlatform) &&
      (value.audience === audience || value.audience === 'all'),
  )
  const rank = (value: VariableValue): number =>
    (value.platform === platform ? 2 : 0) + (value.audience === audience ? 1 : 0)
  return fitting.sort((a, b) => rank(b) - rank(a))[0]?.value
}

function readVariable(name: string, config: VariableConfig, warnings: string[]): Variable {
  const isTwoway = config.is_twoway === true
  const values: VariableValue[] = []
  for (const value of config.values ?? []) {
    const platforms = [value.platform ?? [], value.platforms ?? []].flat()
    const audience = value.audience || 'all'
    if (platforms.length === 0) warnings.push(`a value of variable "${name}" names no platform`)
    if (audience !== 'all' && audience !== 'workers' && audience !== 'users') {
      warnings.push(`variable "${name}" has a value for the unknown audience "${audience}"`)
      continue
    }
    const text = isTwoway ? withoutTrailingSlashes(value.value) : value.value
    for (const platform of new Set(platforms)) {
      values.push({ audience, platform: platform.toLowerCase(), value: text })
    }
  }
  return { name, isTwoway, values }
}

/** `/render/` → `/render` and `F:\` → `F:`, so that what follows the prefix begins with a slash; a lone `/` stays. */
function withoutTrailingSlashes(value: string): string {
  return value.replace(/[\\/]+$/, '') || value.slice(0, 1)
}
