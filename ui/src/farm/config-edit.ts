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

export type FieldKind = 'text' | 'number' | 'switch' | 'json'

export function kindOf(value: ConfigValue): FieldKind {
  if (typeof value === 'boolean') return 'switch'
  if (typeof value === 'number') return 'number'
  return typeof value === 'string' ? 'text' : 'json'
}

const sections: readonly [string, RegExp][] = [
  ['Core', /^(manager_name|listen|allowed|autodiscoverable|local_manager|database|_meta)/],
  ['Storage', /(storage|shaman)/],
  ['Timeouts and failures', /(timeout|threshold|fail|blocklist)/],
  ['Events', /(mqtt|webhook)/],
  ['Variables', /variables/],
]

/** Keys by the section of the settings they belong to, each section in the file's order. */
export function sectionsOf(config: Config): { title: string; keys: string[] }[] {
  const byTitle = new Map<string, string[]>()
  for (const key of Object.keys(config)) {
    const title = sections.find(([, pattern]) => pattern.test(key))?.[0] ?? 'Other'
    byTitle.set(title, [...(byTitle.get(title) ?? []), key])
  }
  const order = [...sections.map(([title]) => title), 'Other']
  return order.flatMap((title) => {
    const keys = byTitle.get(title)
    return keys ? [{ title, keys }] : []
  })
}

/** Reads JSON typed by a person; undefined when it is none yet. */
export function parseJson(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return undefined
  }
}
