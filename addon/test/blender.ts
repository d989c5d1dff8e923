import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'
import { buildAddon } from '../build.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')

/** The `farm` command of this checkout, as the add-on's preferences name it. */
export const farmCommand = `${quote(process.execPath)} --no-node-snapshot ${quote(join(root, 'bin/src/main.ts'))}`

/** A Blender with the add-on installed, with folders of its own. */
export interface Blender {
  dir: string
  env: NodeJS.ProcessEnv
  /** Runs a script in the background to its end. `args` are its `sys.argv` after `--`. */
  script(code: string, options?: ScriptOptions): Promise<ScriptOutcome>
}

export interface ScriptOptions {
  args?: readonly string[]
  flags?: readonly string[]
  env?: NodeJS.ProcessEnv
  /** Told what the script tells, as it does; `answer` writes to the script's standard input. */
  onTold?: (name: string, value: unknown, answer: (line: string) => void) => void
  signal?: AbortSignal
  /** The id of another user to run as. */
  user?: number
}

export interface ScriptOutcome {
  exitCode: number
  output: string
  /** Lines that the script printed through `tell(name, value)`, by name. */
  told: Record<string, unknown>
}

/** A script of the tests, in a file of its own. */
export function stage(name: string): string {
  return readFileSync(join(import.meta.dirname, 'stages', `${name}.py`), 'utf8')
}

const prelude = stage('prelude')

/** Whether Blender is here; the test is skipped where it is not, and fails where it has to be. */
export async function findBlender(t: TestContext): Promise<boolean> {
  const isHere = await run('blender', ['--version'], { timeout: 60_000 }).then(
    () => true,
    (error: { code?: string }) => {
      if (error.code !== 'ENOENT' || process.env.CI === 'true') throw error
      return false
    },
  )
  if (!isHere) t.skip('Blender is not installed: the add-on cannot be tried')
  return isHere
}

/** Installs the add-on by Blender's own command line; undefined (and a skip) without Blender. */
export async function startBlender(t: TestContext): Promise<Blender | undefined> {
  if (!(await findBlender(t))) return undefined
  const dir = await mkdtemp(join(tmpdir(), 'addon-test-'))
  t.after(() => rm(dir, { recursive: true, force: true, maxRetries: 5 }))
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    BLENDER_USER_RESOURCES: join(dir, 'blender'),
    XDG_CACHE_HOME: join(dir, 'cache'),
    FARM_COMMAND: farmCommand,
  }
  await mkdir(join(dir, 'blender'), { recursive: true })
  const zip = join(dir, 'shaman_farm.zip')
  await writeFile(zip, buildAddon()['shaman_farm.zip'])
  await extension(['install-file', '-r', 'user_default', '-e', zip], env)
  return { dir, env, script: (code, options) => runScript(dir, env, code, options) }
}

/** `blender --command extension ARGS`; answers what it printed. */
export async function extension(args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const words = ['--online-mode', '--command', 'extension', ...args]
  const { stdout } = await run('blender', words, { env, timeout: 60_000 })
  return stdout
}

async function runScript(
  dir: string,
  env: NodeJS.ProcessEnv,
  code: string,
  options: ScriptOptions = {},
): Promise<ScriptOutcome> {
  const { args = [], flags = ['--online-mode'], onTold, user } = options
  const file = join(dir, `script-${Math.random().toString(36).slice(2)}.py`)
  await writeFile(file, prelude + code)
  const words = ['-b', ...flags, '--python-exit-code', '42', '--python', file, '--', ...args]
  const child = spawn('blender', words, {
    env: { ...env, ...options.env },
    timeout: 180_000,
    ...(user === undefined ? {} : { uid: user, gid: user }),
  })
  options.signal?.addEventListener('abort', () => child.kill('SIGKILL'))
  if (onTold) {
    const answer = (line: string): void => void child.stdin.write(line)
    createInterface({ input: child.stdout }).on('line', (line) => {
      for (const [name, value] of Object.entries(toldIn(line))) onTold(name, value, answer)
    })
  } else {
    child.stdin.end()
  }
  const { output, exitCode } = await outputOf(child)
  return { exitCode, output, told: toldIn(output) }
}

export async function outputOf(child: ChildProcess): Promise<{ output: string; exitCode: number }> {
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (piece: Buffer) => {
      output += piece.toString()
    })
  }
  const [exitCode] = (await once(child, 'close')) as [number]
  return { output, exitCode }
}

/** A script with the prelude in front, as a file. */
export async function writeScript(dir: string, name: string, code: string): Promise<string> {
  const file = join(dir, name)
  await writeFile(file, prelude + code)
  return file
}

export function toldIn(output: string): Record<string, unknown> {
  const lines = output.split('\n').filter((line) => line.startsWith('TOLD '))
  return Object.fromEntries(lines.map((line) => JSON.parse(line.slice(5)) as [string, unknown]))
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
