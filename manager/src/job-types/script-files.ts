import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import type { ScriptFiles } from './messages.ts'

/** All scripts and helpers as they are on disk now; a new `version` means that some file changed. */
export interface ScriptFolder {
  version: string
  files: ScriptFiles
  /** Job type name → script path. */
  jobTypes: ReadonlyMap<string, string>
}

interface FoundFile {
  path: string
  file: string
  stamp: string
}

export const builtInScriptsDir = fileURLToPath(new URL('./scripts/', import.meta.url))
const maxFiles = 2_000
const maxFileBytes = 1024 * 1024
const maxTotalBytes = 16 * 1024 * 1024
const minScriptBytes = 8

/** Reads the scripts folder over the built-in scripts, again only when a file's time or size changed. */
export function createScriptReader(options: {
  scriptsDir?: string | undefined
  log: Logger
}): () => Promise<ScriptFolder> {
  let known: { stamp: string; folder: ScriptFolder } | undefined

  return async () => {
    const found = new Map<string, FoundFile>()
    for (const dir of [builtInScriptsDir, options.scriptsDir]) {
      if (dir) for (const file of await findFiles(dir, options.log)) found.set(file.path, file)
    }
    const stamp = [...found.values()].map((file) => `${file.file} ${file.stamp}`).join('\n')
    if (known?.stamp !== stamp) known = { stamp, folder: await readFolder([...found.values()]) }
    return known.folder
  }
}

/** A stem's underscores are the name's dashes: `my_render.js` is the job type `my-render`. */
export function jobTypeName(path: string): string {
  return path.slice(0, -'.js'.length).replaceAll('_', '-')
}

async function findFiles(dir: string, log: Logger): Promise<FoundFile[]> {
  const found: FoundFile[] = []
  let bytes = 0
  for (const path of await listFiles(dir, log)) {
    const file = join(dir, path)
    const facts = await stat(file, { bigint: true }).catch(() => undefined)
    if (!facts) continue
    bytes += Number(facts.size)
    if (Number(facts.size) > maxFileBytes || bytes > maxTotalBytes || found.length >= maxFiles) {
      log.warn({ file }, 'script left out: too many or too large')
      continue
    }
    const stamp = `${facts.mtimeNs} ${facts.size} ${facts.ino}`
    found.push({ path: path.replaceAll(sep, '/'), file, stamp })
  }
  return found
}

/** Regular files only: a link could lead out of the folder. */
async function listFiles(dir: string, log: Logger): Promise<string[]> {
  try {
    const entries = await readdir(dir, { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile() && /\.(?:js|json)$/.test(entry.name))
      .map((entry) => relative(dir, join(entry.parentPath, entry.name)))
      .sort()
  } catch (error) {
    log.warn({ err: error, dir }, 'scripts folder not readable')
    return []
  }
}

async function readFolder(found: readonly FoundFile[]): Promise<ScriptFolder> {
  const files: ScriptFiles = {}
  const jobTypes = new Map<string, string>()
  const hash = createHash('sha256')
  for (const { path, file } of found) {
    const text = await readFile(file, 'utf8').catch(() => undefined)
    if (text === undefined) continue
    files[path] = text
    hash.update(JSON.stringify([path, text]))
    const isJobType = !path.includes('/') && path.endsWith('.js') && text.length >= minScriptBytes
    if (isJobType) jobTypes.set(jobTypeName(path), path)
  }
  return { version: hash.digest('hex'), files, jobTypes }
}
