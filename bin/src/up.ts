import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { createManagerClient } from '@shaman-farm/manager-api'
import { UserError } from '@shaman-farm/terminal'
import { type Command, InvalidArgumentError } from 'commander'
import { execa } from 'execa'
import { type FarmProcess, startFarmProcess, startManagerProcess } from './farm-process.ts'
import { blender, ffmpeg, findProgram } from './programs.ts'

interface UpOptions {
  port: number
  data: string
  storage?: string
  workers: number
  open: boolean
}

/** Adds `farm up`: a whole farm on this computer. */
export function register(program: Command): void {
  program
    .command('up')
    .description(
      'Run a farm on this computer: manager, Shaman and workers, until Ctrl-C; "farm" alone does the same',
    )
    .option('--port <n>', 'port of the dashboard and the API', portNumber, 8080)
    .option(
      '--data <dir>',
      "where the farm keeps its database, logs and workers' homes",
      dataDirectory(),
    )
    .option(
      '--storage <dir>',
      'where blobs, checkouts and rendered frames go (default: <data>/storage)',
    )
    .option('--workers <n>', 'workers to run on this computer', workerCount, 1)
    .option('--no-open', 'do not open the dashboard in a browser')
    .action(up)
}

async function up(options: UpOptions): Promise<void> {
  const data = resolve(options.data)
  const storage = resolve(options.storage ?? join(data, 'storage'))
  warnAboutMissingPrograms()
  const isNew = !existsSync(join(data, 'manager', 'flamenco-manager.sqlite'))
  const manager = await startManagerProcess(
    ['--port', String(options.port), '--storage', storage, '--data', join(data, 'manager')],
    { onLog: (line) => say('manager', line) },
  )
  const names = Array.from({ length: options.workers }, (_, i) => `worker-${i + 1}`)
  const isKnown = (name: string): boolean => existsSync(join(data, name, 'worker-credentials.yaml'))
  const token = names.every(isKnown) ? undefined : await enrolmentToken(manager.url, data)
  const workers = names.map((name) => startWorker(name, { url: manager.url, data, token }))
  // A farm that has never run begins with what is still to do.
  const page = `${dashboardOf(manager.url)}${isNew ? 'welcome' : ''}`
  console.log(`
Shaman Farm is up
  dashboard  ${page}
  storage    ${storage}
  data       ${data}
  submit     farm submit SCENE.blend --manager ${manager.url}
Ctrl-C stops it.
`)
  if (options.open) openInBrowser(page)
  const reason = await Promise.race([interrupted(), manager.exited.then(() => 'manager' as const)])
  await stopAll(workers, manager)
  if (reason === 'manager')
    throw new UserError('The manager stopped by itself', { code: 'MANAGER_STOPPED' })
}

interface WorkerPlace {
  url: string
  data: string
  /** Lets it in where the farm asks for one. */
  token: string | undefined
}

function startWorker(name: string, { url, data, token }: WorkerPlace): FarmProcess {
  const args = ['worker', '--manager', url, '--home', join(data, name)]
  return startFarmProcess(args, {
    onLog: (line) => say(name, line),
    ...(token ? { env: { FARM_TOKEN: token } } : {}),
  })
}

/** Who starts the manager lets the workers beside it in: a token for an hour, where the farm asks for tokens at all. */
async function enrolmentToken(url: string, data: string): Promise<string | undefined> {
  // Whoever cannot ask, over HTTPS that is not trusted here, leaves the worker to tell of it.
  const asked = await createManagerClient({ url })
    .farmWhoAmI()
    .catch(() => undefined)
  if (asked?.mode !== 'tokens') return undefined
  let token: string | undefined
  const order = ['--role', 'worker', '--name', 'farm up', '--expires', '1h']
  const made = startFarmProcess(
    ['token', 'create', ...order, '--data', join(data, 'manager'), '--json'],
    {
      onLog: (line) => say('token', line),
      onEvent: (event) => {
        if (typeof event.token === 'string') token = event.token
      },
    },
  )
  await made.exited
  return token
}

// Workers first: their sign-off and last updates need a manager that answers.
async function stopAll(workers: readonly FarmProcess[], manager: FarmProcess): Promise<void> {
  await Promise.all(workers.map((worker) => worker.stop()))
  await manager.stop()
}

function interrupted(): Promise<'interrupted'> {
  return new Promise((done) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => done('interrupted'))
    }
  })
}

function warnAboutMissingPrograms(): void {
  for (const program of [blender, ffmpeg]) {
    if (findProgram(program.command)) continue
    console.error(
      `${program.command} is not on the PATH (it ${program.why}); get it from ${program.from}`,
    )
  }
}

function dashboardOf(url: string): string {
  return `${url.replace('127.0.0.1', 'localhost')}/app/`
}

function openInBrowser(url: string): void {
  if (!process.stdout.isTTY) return
  const [command, args] =
    process.platform === 'darwin'
      ? ['open', [url]]
      : process.platform === 'win32'
        ? ['cmd', ['/c', 'start', '', url]]
        : ['xdg-open', [url]]
  if (!findProgram(command) && process.platform === 'linux') return
  void execa(command, args, { stdio: 'ignore', detached: true, reject: false, timeout: 10_000 })
}

function say(who: string, line: string): void {
  process.stderr.write(`${who.padEnd(9)}${line}\n`)
}

/** The user's data folder by the platform's convention. */
export function dataDirectory(env = process.env, platform = process.platform): string {
  if (platform === 'win32')
    return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'Shaman Farm')
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Shaman Farm')
  return join(env.XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'shaman-farm')
}

function portNumber(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError('0 to 65535')
  return port
}

function workerCount(text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 0 || count > 64) throw new InvalidArgumentError('0 to 64')
  return count
}
