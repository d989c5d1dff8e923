// Builds the pack tool that a manager hands to the add-on: one script, its worker threads, and Node to run them.
import { createHash } from 'node:crypto'
import { constants, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { build } from 'esbuild'

const root = dirname(import.meta.dirname)
const entry = `
import { runCommand } from '@shaman-farm/terminal'
import { Command } from 'commander'
import { register } from './src/cli.ts'

const program = new Command('farm').exitOverride().showHelpAfterError()
register(program)
await runCommand(() => program.parseAsync(process.argv.slice(2), { from: 'user' }), {
  json: process.argv.includes('--json'),
})
`

/** A file of the tool, named by its content. */
export interface ToolFile {
  name: string
  sha: string
  size: number
  executable?: boolean
}

/** What the add-on is offered for one platform. */
export interface ToolOffer {
  version: string
  files: ToolFile[]
  /** Names of files above: the program and its first argument. */
  command: string[]
}

interface Content extends ToolFile {
  from: { bytes: Uint8Array } | { file: string }
}

/** The scripts of the tool, by the names under which they look for each other. */
export async function bundleTool(): Promise<Map<string, Uint8Array>> {
  const scripts = new Map<string, Uint8Array>()
  const main = await bundle({
    stdin: { contents: entry, resolveDir: join(root, 'pack'), loader: 'ts' },
  })
  scripts.set('pack.mjs', main.bytes)
  const waiting = main.workers
  for (const worker of waiting) {
    if (scripts.has(basename(worker))) continue
    const { bytes, workers } = await bundle({ entryPoints: [worker] })
    scripts.set(basename(worker), bytes)
    waiting.push(...workers)
  }
  return scripts
}

/** Writes the offers (`index.json`, by platform) and the files (`files/SHA`) into a folder. */
export async function writeTool(
  target: string,
  options: { version: string; nodes: Readonly<Record<string, string>> },
): Promise<Record<string, ToolOffer>> {
  rmSync(join(target, 'files'), { recursive: true, force: true })
  mkdirSync(join(target, 'files'), { recursive: true })
  const scripts = [...(await bundleTool())].map(([name, bytes]): Content => {
    return { name, ...digestOf(bytes), from: { bytes } }
  })
  const offers: Record<string, ToolOffer> = {}
  for (const [platform, file] of Object.entries(options.nodes)) {
    const name = platform.startsWith('win') ? 'node.exe' : 'node'
    const node: Content = {
      name,
      ...digestOf(readFileSync(file)),
      executable: true,
      from: { file },
    }
    const contents = [node, ...scripts]
    for (const content of contents) put(join(target, 'files', content.sha), content)
    const files = contents.map(({ from: _, ...file }) => file)
    offers[platform] = { version: options.version, files, command: [name, 'pack.mjs'] }
  }
  writeFileSync(join(target, 'index.json'), `${JSON.stringify(offers, undefined, 2)}\n`)
  return offers
}

async function bundle(
  source: Parameters<typeof build>[0],
): Promise<{ bytes: Uint8Array; workers: string[] }> {
  const { outputFiles, metafile } = await build({
    ...source,
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    outfile: 'pack.mjs',
    write: false,
    metafile: true,
    legalComments: 'none',
    // Packages in the older form of modules ask for Node's own ones in the older way.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  })
  const ours = Object.keys(metafile.inputs).filter((name) => !name.includes('node_modules/.pnpm'))
  return { bytes: outputFiles![0]!.contents, workers: ours.flatMap(workersNamedIn) }
}

/** Scripts that a module starts in threads of their own: a bundler does not follow these. */
function workersNamedIn(input: string): string[] {
  const file = resolve(root, input)
  if (!/\.ts$/.test(file)) return []
  const text = readFileSync(file, 'utf8')
  const named = text.matchAll(/new URL\('(\.\/[^']+\.ts)', import\.meta\.url\)/g)
  return [...named].map((match) => resolve(dirname(file), match[1]!))
}

function digestOf(bytes: Uint8Array): { sha: string; size: number } {
  return { sha: createHash('sha256').update(bytes).digest('hex'), size: bytes.length }
}

function put(path: string, { from }: Content): void {
  if ('bytes' in from) writeFileSync(path, from.bytes)
  else copyFileSync(from.file, path, constants.COPYFILE_FICLONE)
}
