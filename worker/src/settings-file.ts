import { readFile } from 'node:fs/promises'
import { UserError } from '@shaman-farm/terminal'
import { parse } from 'yaml'

/** What files of settings say. A value that cannot be meant is told with its place, never passed over. */
export interface SettingsFile {
  text(key: string): string | undefined
  number(key: string, range: NumberRange): number | undefined
  list(key: string): string[] | undefined
  oneOf<Word extends string>(key: string, words: readonly Word[]): Word | undefined
}

export interface NumberRange {
  min: number
  max?: number
  /** Whole numbers only. */
  isWhole?: boolean
}

/** Later files go before earlier ones; a file that is not there says nothing. */
export async function readSettings(files: readonly string[]): Promise<SettingsFile> {
  const values = new Map<string, { value: unknown; file: string }>()
  for (const file of files) {
    for (const [key, value] of Object.entries(await readYaml(file)))
      values.set(key, { value, file })
  }

  function read<T>(key: string, wanted: string, take: (value: unknown) => T | undefined) {
    const { value, file } = values.get(key) ?? {}
    if (value === undefined || value === null || value === '') return undefined
    const taken = take(value)
    if (taken !== undefined) return taken
    throw new UserError(`${key} in ${file} is ${JSON.stringify(value)}`, {
      code: 'BAD_CONFIG',
      hint: `It must be ${wanted}.`,
    })
  }

  return {
    text: (key) => read(key, 'a text', (value) => (isScalar(value) ? String(value) : undefined)),
    number: (key, range) =>
      read(key, describeRange(range), (value) => (isWithin(value, range) ? value : undefined)),
    list: (key) =>
      read(key, 'a list, as [one, two]', (value) =>
        Array.isArray(value) && value.every(isScalar) ? value.map(String) : undefined,
      ),
    oneOf: (key, words) =>
      read(key, words.join(' or '), (value) => words.find((word) => word === value)),
  }
}

export function isWithin(value: unknown, { min, max, isWhole }: NumberRange): value is number {
  if (typeof value !== 'number' || !Number.isFinite(value)) return false
  return value >= min && value <= (max ?? value) && (!isWhole || Number.isInteger(value))
}

export function describeRange({ min, max, isWhole }: NumberRange): string {
  const what = isWhole ? 'a whole number' : 'a number'
  return max === undefined ? `${what}, ${min} or more` : `${what}, ${min} to ${max}`
}

const isScalar = (value: unknown): boolean => typeof value === 'string' || typeof value === 'number'

async function readYaml(file: string): Promise<object> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  try {
    const value: unknown = parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch (cause) {
    throw new UserError(`${file} is not valid YAML: ${(cause as Error).message}`, {
      code: 'BAD_CONFIG',
      cause,
    })
  }
}
