import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import ivm from 'isolated-vm'
import { LimitReached } from './failures.ts'
import type { CompilerLimits } from './limits.ts'
import type { ScriptFiles, ScriptMessage } from './messages.ts'
import { taskIds } from './task-ids.ts'

/** A job type script, loaded into an isolate of its own. Every call is bound by `deadline`. */
export interface LoadedScript {
  call(name: GuestFunction, ...args: (string | number)[]): Promise<string>
}

type GuestFunction = 'describe' | 'compile' | 'takeTasks'

export interface SandboxOptions {
  script: string
  files: ScriptFiles
  limits: CompilerLimits
  /** Milliseconds since the epoch. */
  deadline: number
  messages: ScriptMessage[]
}

const guestDir = fileURLToPath(new URL('./guest/', import.meta.url))
const guestNames = ['main', 'author', 'frames', 'path', 'plain', 'require', 'text'] as const
const guestSources = new Map(
  guestNames.map((name) => [
    `./${name}.ts`,
    stripTypeScriptTypes(readFileSync(`${guestDir}${name}.ts`, 'utf8')),
  ]),
)
const uuidsAtOnce = 1000
const maxMessages = 500

export async function withScript<T>(
  options: SandboxOptions,
  use: (script: LoadedScript) => Promise<T>,
): Promise<T> {
  const isolate = new ivm.Isolate({
    memoryLimit: options.limits.heapMib,
    // V8 has lost control of the isolate; nothing in this process may be relied upon any more.
    onCatastrophicError: () => process.kill(process.pid, 'SIGKILL'),
  })
  try {
    return await use(await loadScript(isolate, options))
  } catch (error) {
    throw isolate.isDisposed ? new LimitReached('memory') : error
  } finally {
    if (!isolate.isDisposed) isolate.dispose()
  }
}

async function loadScript(isolate: ivm.Isolate, options: SandboxOptions): Promise<LoadedScript> {
  const context = await isolate.createContext()
  // Their memory is not counted against the isolate's limit, and Atomics.wait blocks a thread.
  await context.eval(
    "for (const name of ['WebAssembly', 'SharedArrayBuffer', 'Atomics']) delete globalThis[name]",
  )
  const guest = await loadGuest(isolate, context)
  const install = await guest.get('install', { reference: true })
  await install.apply(undefined, hostFunctions(options), { timeout: timeLeft(options) })
  const functions = {
    describe: await guest.get('describe', { reference: true }),
    compile: await guest.get('compile', { reference: true }),
    takeTasks: await guest.get('takeTasks', { reference: true }),
  }
  await runScript(isolate, context, options)
  return {
    call: async (name, ...args) => {
      const answer = await functions[name].apply(undefined, args, { timeout: timeLeft(options) })
      return String(answer)
    },
  }
}

async function runScript(
  isolate: ivm.Isolate,
  context: ivm.Context,
  { script, files, ...options }: SandboxOptions,
): Promise<void> {
  const strict = "'use strict';"
  const compiled = await isolate.compileScript(`${strict}${files[script] ?? ''}\n;undefined`, {
    filename: script,
    columnOffset: -strict.length,
  })
  await compiled.run(context, { timeout: timeLeft(options) })
}

async function loadGuest(
  isolate: ivm.Isolate,
  context: ivm.Context,
): Promise<ivm.Reference<Record<string, unknown>>> {
  const modules = new Map<string, ivm.Module>()
  for (const [name, source] of guestSources) {
    modules.set(name, await isolate.compileModule(source, { filename: `farm:${name.slice(2)}` }))
  }
  const main = modules.get('./main.ts')!
  await main.instantiate(context, (specifier) => modules.get(specifier)!)
  await main.evaluate()
  return main.namespace as ivm.Reference<Record<string, unknown>>
}

function hostFunctions({ script, files, messages }: SandboxOptions): unknown[] {
  const host = { script, cwd: process.cwd(), platform: goosOf(process.platform) }
  return [
    JSON.stringify(host),
    new ivm.Callback(() => taskIds(uuidsAtOnce).reverse().join(' ')),
    new ivm.Callback((from: unknown, id: unknown) =>
      JSON.stringify(findModule(files, String(from), String(id))),
    ),
    new ivm.Callback((level: unknown, text: unknown) => {
      if (messages.length >= maxMessages) return
      messages.push({
        level: level === 'warning' ? 'warning' : 'info',
        text: String(text).slice(0, 4000),
      })
    }),
  ]
}

/** What `require(id)` in `from` means: relative to the asking file, else relative to the scripts folder. */
export function findModule(
  files: ScriptFiles,
  from: string,
  id: string,
): { path: string; source: string } | { error: string } {
  const relative = id.startsWith('./') || id.startsWith('../')
  const path = posix.normalize(relative ? posix.join(posix.dirname(from), id) : id)
  if (path.startsWith('..') || posix.isAbsolute(path)) {
    return { error: `require("${id.slice(0, 200)}"): outside the scripts folder` }
  }
  for (const candidate of [path, `${path}.js`, `${path}.json`, posix.join(path, 'index.js')]) {
    const source = Object.hasOwn(files, candidate) ? files[candidate] : undefined
    if (source !== undefined) return { path: candidate, source }
  }
  return { error: `require("${id.slice(0, 200)}"): no such file in the scripts folder` }
}

function timeLeft({ deadline }: Pick<SandboxOptions, 'deadline'>): number {
  const left = deadline - Date.now()
  if (left <= 0) throw new LimitReached('time')
  return Math.ceil(left)
}

/** Platform names as job submitters and job types write them. */
export function goosOf(platform: string): string {
  return platform === 'win32' ? 'windows' : platform
}
