import type { ResolvedVariable } from './definitions.ts'
import { resolveVariables, type Variable } from './definitions.ts'

export interface SubmissionContext {
  variables: readonly Variable[]
  /** The submitter's. */
  platform: string
}

export interface ExpansionContext {
  variables: readonly Variable[]
  /** Of whoever will read the text. */
  audience: 'workers' | 'users'
  platform: string
  managerPlatform: string
}

/**
 * The text with a leading path that a two-way variable stands for written as `{name}`: what the submitter's machine
 * calls `/Volumes/render/shot` is stored as `{render}/shot`. The longest path that fits at a path boundary wins. Only
 * strings change; everything else comes back as it is.
 */
export function toVariables<T>(value: T, { variables, platform }: SubmissionContext): T | string {
  if (typeof value !== 'string') return value
  // Submitters are users, but a farm with one set of paths may have them written down for workers only.
  const candidates = (['users', 'workers'] as const).flatMap((audience) =>
    resolveVariables(variables, { audience, platform }),
  )
  const found = longestPrefix(value, candidates, platform)
  return found ? `{${found.variable.name}}${found.rest}` : value
}

/**
 * The text as its reader needs it. One-way variables are replaced wherever they stand, then two-way ones; a text that
 * begins with the manager's own path of a two-way variable (`{jobs}` does, once replaced) gets the reader's path instead.
 * Separators change only in texts a two-way variable touched: others may be ffmpeg filters or Python. Unknown `{names}`
 * stay. Strings and lists of strings change; everything else comes back as it is.
 */
export function expandVariables<T>(value: T, context: ExpansionContext): T | string {
  if (Array.isArray(value)) {
    return value.map((item: unknown) =>
      typeof item === 'string' ? expandVariables(item, context) : item,
    ) as T
  }
  return typeof value === 'string' ? expandText(value, context) : value
}

/** `expandVariables` on each parameter of a command. */
export function expandParameters(
  parameters: Readonly<Record<string, unknown>>,
  context: ExpansionContext,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(parameters).map(([key, value]) => [key, expandVariables(value, context)]),
  )
}

function expandText(text: string, context: ExpansionContext): string {
  const target = resolveVariables(context.variables, context)
  const oneWay = replaceNames(
    text,
    target.filter(({ isTwoway }) => !isTwoway),
  )
  const twoWay = target.filter(({ isTwoway }) => isTwoway)
  const named = replaceNames(oneWay.text, twoWay)
  if (named.count > 0) return withSeparatorsOf(context.platform, named.text)
  const moved = fromManager(oneWay.text, twoWay, context)
  return moved === undefined ? oneWay.text : withSeparatorsOf(context.platform, moved)
}

/** A manager-side path as the reader's; undefined when no two-way variable covers it. */
function fromManager(
  text: string,
  target: readonly ResolvedVariable[],
  { variables, audience, managerPlatform }: ExpansionContext,
): string | undefined {
  const own = resolveVariables(variables, { audience, platform: managerPlatform })
  const reachable = own.filter(({ name }) => target.some((variable) => variable.name === name))
  const found = longestPrefix(text, reachable, managerPlatform)
  if (!found) return undefined
  const { value } = target.find(({ name }) => name === found.variable.name)!
  return joinRest(value, found.rest)
}

function replaceNames(
  text: string,
  variables: readonly ResolvedVariable[],
): { text: string; count: number } {
  let count = 0
  const replaced = text.replace(
    /\{([^{}\s]+)\}([\\/]*)/g,
    (whole, name: string, slashes: string) => {
      const variable = variables.find((candidate) => candidate.name === name)
      if (!variable) return whole
      count += 1
      return variable.isTwoway ? joinRest(variable.value, slashes) : variable.value + slashes
    },
  )
  return { text: replaced, count }
}

/** A value that is a bare root brings its own slash. */
function joinRest(value: string, rest: string): string {
  return /[\\/]$/.test(value) ? value + rest.replace(/^[\\/]+/, '') : value + rest
}

interface Found {
  variable: ResolvedVariable
  /** What follows the prefix: empty, or beginning with a separator. */
  rest: string
}

function longestPrefix(
  text: string,
  variables: readonly ResolvedVariable[],
  platform: string,
): Found | undefined {
  let best: Found | undefined
  let bestLength = 0
  for (const variable of variables) {
    const { isTwoway, value } = variable
    if (!isTwoway || value.length <= bestLength) continue
    if (fold(text.slice(0, value.length), platform) !== fold(value, platform)) continue
    // A bare root ends in the separator that the rest must keep.
    const cut = /[\\/]$/.test(value) ? value.length - 1 : value.length
    if (cut < text.length && !/[\\/]/.test(text[cut]!)) continue
    best = { variable, rest: text.slice(cut) }
    bestLength = value.length
  }
  return best
}

/** How a platform compares paths: Windows and macOS ignore case; both slashes mean the same. */
function fold(path: string, platform: string): string {
  const slashed = path.replaceAll('\\', '/')
  return platform === 'windows' || platform === 'darwin' ? slashed.toLowerCase() : slashed
}

/** All separators as the platform writes them; repeats become one, except leading ones (`\\server\share`). */
function withSeparatorsOf(platform: string, text: string): string {
  const separator = platform === 'windows' ? '\\' : '/'
  const leading = /^[\\/]*/.exec(text)![0].length
  const rest = text.slice(leading).replace(/[\\/]+/g, () => separator)
  const normal = separator.repeat(leading) + rest
  // `F:shot` would be relative to wherever drive F: happens to stand.
  return platform === 'windows' ? normal.replace(/^([A-Za-z]:)(?!\\)/, '$1\\') : normal
}
