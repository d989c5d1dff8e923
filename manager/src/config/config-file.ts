import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { parse, stringify } from 'yaml'
import { FarmError } from '../problems.ts'
import type { RawConfig } from './schema.ts'

/** Undefined when there is no file: then everything has its default. */
export function readConfigFile(path: string): Record<string, unknown> | undefined {
  const text = readText(path)
  if (text === undefined) return undefined
  const content = parseYaml(path, text)
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new FarmError('CONFIG_INVALID', `${path} holds no configuration`)
  }
  if (!('_meta' in content)) {
    throw new FarmError('CONFIG_INVALID', `${path} does not say which version it is`, {
      hint: 'A configuration begins with `_meta: {version: 3}`.',
    })
  }
  return content as Record<string, unknown>
}

/** Whole or not at all, and for its owner only: it may hold a password. */
export function writeConfigFile(path: string, config: RawConfig): void {
  mkdirSync(dirname(path), { recursive: true })
  const temp = `${path}~`
  const file = openSync(temp, 'w', 0o600)
  try {
    writeSync(file, header + stringify(config))
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(temp, path)
}

const header =
  '# Configuration of the manager. Comments are not kept when it is changed in the dashboard.\n'

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new FarmError('CONFIG_INVALID', `${path} cannot be read`, { cause })
  }
}

function parseYaml(path: string, text: string): unknown {
  try {
    return parse(text)
  } catch (cause) {
    throw new FarmError('CONFIG_INVALID', `${path} is no YAML: ${(cause as Error).message}`, {
      cause,
    })
  }
}
