import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { UserError } from '@shaman-farm/terminal'
import { transform } from 'esbuild'
import { type Entry, filesUnder, text } from './tree.ts'

/** A package of ours in a release. */
export interface OwnPackage {
  name: string
  /** Its folder in the repository. */
  dir: string
  /** Is told paths relative to `dir`; what it refuses stays at home. */
  ships?: (path: string) => boolean
}

interface Manifest {
  name: string
  version: string
  exports?: Record<string, string>
  dependencies?: Record<string, string>
}

// Also read as text at run time: the isolate takes its types off itself.
const readAsTypeScript = /^src\/job-types\/guest\//

/** The package's files, TypeScript turned into JavaScript file by file so that every path in it still holds. */
export async function transpilePackage(root: string, own: OwnPackage): Promise<Entry[]> {
  const dir = join(root, own.dir)
  const to = `app/node_modules/${own.name}`
  const ships = own.ships ?? (() => true)
  const files = ['src', 'tools']
    .filter((name) => existsSync(join(dir, name)))
    .flatMap((name) => filesUnder(dir, name))
    .filter(ships)
  const entries: Entry[] = [
    { path: `${to}/package.json`, from: text(shippedManifest(readManifest(dir), ships)) },
  ]
  for (const path of files) {
    const isScript = path.endsWith('.ts')
    if (isScript) {
      const script = await toJavaScript(join(dir, path), path)
      entries.push({ path: `${to}/${toJs(path)}`, from: text(script) })
    }
    if (!isScript || readAsTypeScript.test(path)) {
      const from = { file: join(dir, path) }
      entries.push({ path: `${to}/${path}`, from, executable: path.endsWith('.sh') })
    }
  }
  return entries
}

export function readManifest(dir: string): Manifest {
  return JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) as Manifest
}

async function toJavaScript(file: string, shown: string): Promise<string> {
  const { code } = await transform(readFileSync(file, 'utf8'), {
    loader: 'ts',
    format: 'esm',
    target: 'node24',
    sourcefile: shown,
  })
  const script = code.replace(tsPath, (whole, before: string, path: string, after: string) =>
    existsSync(join(dirname(file), path)) ? `${before}${toJs(path)}${after}` : whole,
  )
  const left = [...script.matchAll(/["'](\.{0,2}\/?[\w./-]+\.ts)["']/g)]
    .map((match) => match[1]!)
    .filter((path) => !path.endsWith('.d.ts') && !knownAsText.has(`${shown} ${path}`))
  if (left.length > 0) {
    throw new UserError(`${file} names ${left.join(', ')} in a way a release does not understand`, {
      code: 'RELEASE_PATH',
      hint: "Write it as an import, new URL('./x.ts', import.meta.url) or join(import.meta.dirname, 'x.ts').",
    })
  }
  return script
}

// Imports, new URL(path, import.meta.url), join(import.meta.dirname, path) and file(path).
const tsPath =
  /((?:from\s*|import\s*\(?\s*|new URL\(\s*|join\(\s*import\.meta\.dirname,\s*|\bfile\()["'])([\w./-]+\.ts)(["'])/g

/** Names of modules of the isolate, not of files. */
const knownAsText = new Set(['src/job-types/sandbox.ts ./main.ts'])

function toJs(path: string): string {
  return path.replace(/\.ts$/, '.js')
}

function shippedManifest(manifest: Manifest, ships: (path: string) => boolean): string {
  const exports = Object.fromEntries(
    Object.entries(manifest.exports ?? {})
      .filter(([, path]) => ships(path.replace('./', '')))
      .map(([name, path]) => [name, toJs(path)]),
  )
  const { name, version } = manifest
  const facts = { name, version, license: 'GPL-3.0-or-later', type: 'module', exports }
  return `${JSON.stringify(facts, undefined, 2)}\n`
}
