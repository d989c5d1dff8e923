export type ConfigValue = unknown
export type Config = Record<string, ConfigValue>

export interface ConfigChange {
  key: string
  before: ConfigValue
  after: ConfigValue
}

/** What an edit changes, key by key. */
export function changesOf(before: Config, after: Config): ConfigChange[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]))
    .map((key) => ({ key, before: before[key], after: after[key] }))
}

/** The JSON merge patch that makes one value of another: what is gone is null, what is the same is left out. */
export function patchBetween(before: Config, after: Config): Config {
  const patch: Config = {}
  for (const { key } of changesOf(before, after)) {
    const [old, next] = [before[key], after[key]]
    if (!(key in after)) patch[key] = null
    else patch[key] = isObject(old) && isObject(next) ? patchBetween(old, next) : next
  }
  return patch
}

function isObject(value: unknown): value is Config {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export type FieldKind = 'text' | 'number' | 'switch' | 'group' | 'variables' | 'json'

export function kindOf(name: string, value: ConfigValue): FieldKind {
  if (name === 'variables' && isObject(value)) return 'variables'
  if (isObject(value) && Object.keys(value).length > 0) return 'group'
  if (typeof value === 'boolean') return 'switch'
  if (typeof value === 'number') return 'number'
  return typeof value === 'string' ? 'text' : 'json'
}

const sections: readonly [string, RegExp][] = [
  ['Core', /^(manager_name|listen|allowed|autodiscoverable|local_manager|database)/],
  ['Storage', /(storage|shaman)/],
  ['Timeouts and failures', /(timeout|threshold|fail|blocklist)/],
  ['Events', /(mqtt|webhook)/],
  ['Variables', /variables/],
]

/** The sections in their order. */
export const titles: readonly string[] = [...sections.map(([title]) => title), 'Other']

/** Says how the file is written; nobody sets it. */
const ofTheFile = '_meta'

/** Keys by the section of the settings they belong to, each section in the file's order. */
export function sectionsOf(config: Config): { title: string; keys: string[] }[] {
  const byTitle = new Map<string, string[]>()
  for (const key of Object.keys(config).filter((one) => one !== ofTheFile)) {
    const title = sections.find(([, pattern]) => pattern.test(key))?.[0] ?? 'Other'
    byTitle.set(title, [...(byTitle.get(title) ?? []), key])
  }
  return titles.flatMap((title) => {
    const keys = byTitle.get(title)
    return keys ? [{ title, keys }] : []
  })
}

/** A section's name in an address: `Timeouts and failures` is `timeouts`. */
export function slugOf(title: string): string {
  return title.split(' ')[0]!.toLowerCase()
}

/** Reads JSON typed by a person; undefined when it is none yet. */
export function parseJson(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return undefined
  }
}
