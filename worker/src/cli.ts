import { join } from 'node:path'
import { UserError } from '@shaman-farm/terminal'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type Logger, pino } from 'pino'
import pretty from 'pino-pretty'
import {
  type ConfigFlags,
  ranges,
  readConfig,
  storageModes,
  type WorkerConfig,
  yieldings,
} from './config.ts'
import { addDoctor } from './doctor/cli.ts'
import { type Look, shareLooks } from './doctor/self-check.ts'
import { addInstall } from './install/cli.ts'
import type { BlobCache } from './mount-free/blob-cache.ts'
import { idleTimeHere } from './presence/idle-time.ts'
import { type Presence, watchPresence } from './presence/presence.ts'
import { openCache, type StopWhen } from './session.ts'
import { describeRange, isWithin, type NumberRange } from './settings-file.ts'
import type { WorkerEnd } from './states.ts'
import { startWorker, type Worker } from './worker.ts'

interface WorkerFlags extends ConfigFlags {
  once?: true
  flush?: true
  json?: true
  logLevel: string
  findSeconds: number
  stop: StopWhen
}

export function register(program: Command): void {
  const worker = program
    .command('worker')
    .description('Render for a farm: ask its manager for tasks and run them')
    .option('--manager <url>', 'where the manager is, e.g. http://render-manager:8080')
    .option('--token <token>', 'enrols this worker, if the farm asks (or FARM_TOKEN)')
    .option('--name <name>', "what the farm calls this worker (default: the machine's name)")
    .option('--home <dir>', 'folder for credentials, undelivered updates and cache')
    .option('--task-types <types>', 'comma-separated task types to take', list)
    .option('--slots <n>', 'tasks to run at the same time', numberIn(ranges.slots))
    .option('--gpus <list>', 'comma-separated devices, one for each slot', list)
    .option(
      '--stall-minutes <n>',
      'end a command that gives no output for so long',
      numberIn(ranges.minutes),
    )
    .option('--time-limit-minutes <n>', 'end a command that takes longer', numberIn(ranges.minutes))
    .option('--nice <n>', 'run commands at this niceness, 0 to 19', numberIn(ranges.nice))
    .option('--restart-exit-code <n>', 'exit so when asked to restart', numberIn(ranges.exitCode))
    .addOption(
      new Option('--storage <how>', "use the farm's storage as mounted, or pull files").choices(
        storageModes,
      ),
    )
    .addOption(
      new Option(
        '--yield <how>',
        'while somebody uses this machine: pause what runs, stop it and give it back, or finish it',
      ).choices(yieldings),
    )
    .option(
      '--quiet-minutes <n>',
      'untouched for so long, the machine is free (default: 5)',
      numberIn(ranges.minutes),
    )
    .option('--user-idle-command <cmd>', 'prints the seconds since somebody last touched it')
    .option('--cache-gb <n>', 'most disk space for pulled files, in GB', numberIn(ranges.gigabytes))
    .option(
      '--find-seconds <n>',
      'without --manager, look for one so long',
      numberIn({ min: 0 }),
      600,
    )
    .addOption(
      new Option('--stop <when>', 'when asked to stop: at once, or after the frame or task')
        .choices(['now', 'frame', 'task'])
        .default('now'),
    )
    .option('--once', 'end when there is nothing to do')
    .option('--flush', 'deliver what an outage kept here, take no task, and end')
    .option('--json', 'log JSON lines')
    .option('--log-level <level>', 'trace, debug, info, warn or error', 'info')
    .action(async (flags: WorkerFlags) => {
      const config = await readConfig(flags)
      process.exitCode = await run(config, flags)
    })
  worker
    .command('find')
    .description(
      'Look for a manager in the local network and print its address; --find-seconds says for how long',
    )
    .action(async (_, command: Command) => {
      const flags = command.optsWithGlobals<WorkerFlags>()
      const config = await readConfig(flags)
      if (config.managerUrl === undefined) console.error('Looking for a manager …')
      console.log(await requireManager(config, pino({ level: 'silent' }), flags.findSeconds))
    })
  addDoctor(worker)
  addInstall(worker)
}

async function run(config: WorkerConfig, flags: WorkerFlags): Promise<number> {
  const log = createLog(flags)
  const managerUrl = await requireManager(config, log, flags.findSeconds)
  log.info({ manager: managerUrl, home: config.home }, 'worker starts')
  let signals = 0
  const { home, cacheBytes } = config
  const cache = openCache({ managerUrl, home, cacheBytes, log })
  const { once = false, flush = false } = flags
  const presence = await presenceFor(config, log)
  const shared = { config, managerUrl, cache, log, once, flush, presence, look: shareLooks() }
  const starting = Promise.all(
    Array.from({ length: config.slots }, (_, slot) => startSlot({ ...shared, slot })),
  )
  let workers: Worker[] = []
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // Not yet signed on, or asked a third time: there is nothing to bring to an end in order.
      if (workers.length === 0 || signals === 2) process.exit(1)
      const when = signals === 0 ? flags.stop : 'now'
      signals += when === 'now' ? 2 : 1
      log.info({ signal, when }, 'worker stops')
      for (const worker of workers) void worker.stop(when)
    })
  }
  workers = await starting
  const ends = await Promise.all(workers.map((worker) => worker.ended))
  presence?.close()
  log.info({ ends }, 'worker ended')
  return exitCodeOf(ends, config)
}

interface SlotOptions {
  config: WorkerConfig
  slot: number
  managerUrl: string
  cache: BlobCache
  look: Look
  presence: Presence | undefined
  once: boolean
  flush: boolean
  log: Logger
}

async function presenceFor(config: WorkerConfig, log: Logger): Promise<Presence | undefined> {
  const { yielding: how, quietMs, userIdleCommand } = config
  return how && watchPresence({ how, quietMs, idleTime: idleTimeHere(userIdleCommand), log })
}

function startSlot({ config, slot, presence, ...rest }: SlotOptions): Promise<Worker> {
  const isOnly = config.slots === 1
  return startWorker({
    ...rest,
    ...(presence ? { presence } : {}),
    home: isOnly ? config.home : join(config.home, `slot-${slot + 1}`),
    token: config.token,
    name: isOnly ? config.name : `${config.name} #${slot + 1}`,
    taskTypes: config.taskTypes,
    limits: config.limits,
    env: gpuEnvironment(config.gpus[slot]),
    canRestart: config.restartExitCode !== 0,
    storageMode: config.storageMode,
  })
}

/** Shows a slot's commands one device only, whatever its make. */
function gpuEnvironment(device: string | undefined): Record<string, string> {
  if (device === undefined) return {}
  return {
    CUDA_VISIBLE_DEVICES: device,
    HIP_VISIBLE_DEVICES: device,
    ROCR_VISIBLE_DEVICES: device,
    ZE_AFFINITY_MASK: device,
  }
}

function exitCodeOf(ends: readonly WorkerEnd[], config: WorkerConfig): number {
  return ends.includes('restart') ? config.restartExitCode : 0
}

async function requireManager(
  config: WorkerConfig,
  log: Logger,
  findSeconds: number,
): Promise<string> {
  if (config.managerUrl !== undefined) return config.managerUrl
  log.info('no manager is named, looking for one in the local network')
  const { findManager } = await import('./discovery/find-manager.ts')
  const found = await findManager({ log, timeoutMs: findSeconds * 1000 })
  if (found !== undefined) return found
  throw new UserError('No manager is named, and none was found in the local network', {
    code: 'NO_MANAGER',
    hint: 'Name it with --manager http://HOST:8080, or as manager_url in flamenco-worker.yaml.',
  })
}

function createLog(flags: WorkerFlags): Logger {
  if (flags.json) return pino({ level: flags.logLevel })
  const stream = pretty({
    colorize: process.stdout.isTTY,
    ignore: 'pid,hostname',
    singleLine: true,
  })
  return pino({ level: flags.logLevel }, stream)
}

function list(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

function numberIn(range: NumberRange): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? Number.NaN : Number(text)
    if (isWithin(value, range)) return value
    throw new InvalidArgumentError(`It must be ${describeRange(range)}.`)
  }
}
