import { UserError } from '@shaman-farm/terminal'
import type { Command } from 'commander'
import { type Logger, pino } from 'pino'
import { stringify } from 'yaml'
import { defaultDataDir, openConfig } from '../config/config.ts'
import { maskSecrets } from '../config/secrets.ts'

interface ManagerFlags {
  port?: number
  host?: string
  storage?: string
  data?: string
  config?: string
  scripts?: string
  logLevel: string
  printConfig?: boolean
  json?: boolean
}

export function registerManager(program: Command): void {
  program
    .command('manager')
    .description('Run the manager: jobs, scheduling, storage and the dashboard')
    .option('--port <n>', 'port to listen on; 0 takes any free one', readPort)
    .option('--host <address>', 'address to listen on (default: all of them)')
    .option('--storage <dir>', 'where blobs, checkouts and rendered frames lie')
    .option('--data <dir>', "the manager's own folder: database, logs, configuration")
    .option('--config <file>', 'configuration (default: flamenco-manager.yaml in the data folder)')
    .option('--scripts <dir>', 'folder with job types (default: scripts in the data folder)')
    .option('--log-level <level>', 'fatal, error, warn, info, debug or trace', 'info')
    .option('--print-config', 'print the configuration in force and exit')
    .option('--json', 'print machine-readable lines')
    .action(run)
}

async function run(flags: ManagerFlags): Promise<void> {
  const options = {
    dataDir: flags.data ?? defaultDataDir(),
    storage: flags.storage,
    host: flags.host,
    port: flags.port,
    configFile: flags.config,
    scriptsDir: flags.scripts,
  }
  if (flags.printConfig) return printConfig(options, flags.json ?? false)
  const log = createLog(flags)
  const { startManager } = await import('../main.ts')
  for (let again = true; again; ) {
    const restart = Promise.withResolvers<'restart'>()
    const damage = Promise.withResolvers<never>()
    damage.promise.catch(() => undefined)
    const manager = await startManager({
      ...options,
      log,
      onRestart: () => setImmediate(() => restart.resolve('restart')),
      onDamage: damage.reject,
    })
    announce(manager.url, flags.json ?? false)
    try {
      const ended = await Promise.race([restart.promise, damage.promise, stopSignal()])
      again = ended === 'restart'
    } finally {
      await manager.close()
    }
  }
}

function announce(url: string, json: boolean): void {
  const line = json ? JSON.stringify({ event: 'listening', url }) : `Shaman Farm manager at ${url}`
  process.stdout.write(`${line}\n`)
}

/** A second signal ends the process at once. */
function stopSignal(): Promise<'stop'> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(130))
        resolve('stop')
      })
    }
  })
}

/** To stderr, so that stdout is for whoever started this. */
function createLog({ logLevel, json }: ManagerFlags): Logger {
  if (json || !process.stderr.isTTY) return pino({ level: logLevel }, pino.destination(2))
  return pino({
    level: logLevel,
    transport: {
      target: 'pino-pretty',
      options: { destination: 2, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss' },
    },
  })
}

function printConfig(options: Parameters<typeof openConfig>[0], json: boolean): void {
  const { current } = openConfig(options)
  const { raw, ...workedOut } = current
  const shown = { file: maskSecrets(raw), in_force: workedOut }
  process.stdout.write(json ? `${JSON.stringify(shown)}\n` : stringify(shown))
}

function readPort(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new UserError(`"${text}" is no port number`, { code: 'BAD_USAGE' })
}
