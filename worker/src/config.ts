import { homedir, hostname } from 'node:os'
import { join } from 'node:path'
import { UserError } from '@shaman-farm/terminal'
import type { StorageMode } from './mount-free/storage.ts'
import type { Yielding } from './presence/presence.ts'
import type { ProcessLimits } from './process/run.ts'
import { type NumberRange, readSettings } from './settings-file.ts'

export const defaultTaskTypes = ['blender', 'ffmpeg', 'file-management', 'misc'] as const

export const storageModes = ['auto', 'mounted', 'pull'] as const satisfies StorageMode[]
export const yieldings = ['pause', 'stop', 'finish'] as const satisfies Yielding[]

/** What settings may be, in a file as on the command line. */
export const ranges = {
  slots: { min: 1, isWhole: true },
  nice: { min: 0, max: 19, isWhole: true },
  oomScore: { min: -1000, max: 1000, isWhole: true },
  exitCode: { min: 0, max: 255, isWhole: true },
  minutes: { min: 0 },
  gigabytes: { min: 0 },
} as const satisfies Record<string, NumberRange>

/** All a worker is told from outside; read once, then passed down. */
export interface WorkerConfig {
  managerUrl: string | undefined
  /** The enrolment token, for farms that let in only those who have one. */
  token: string | undefined
  name: string
  /** Where the worker keeps its credentials, undelivered updates and cache. */
  home: string
  taskTypes: readonly string[]
  slots: number
  /** The devices of each slot, e.g. `['0', '1']`; empty means no pinning. */
  gpus: readonly string[]
  limits: ProcessLimits
  /** The exit code that asks the service manager for a restart; 0 = cannot be restarted. */
  restartExitCode: number
  storageMode: StorageMode
  /** What to do while somebody uses the machine; undefined = work on. */
  yielding: Yielding | undefined
  /** Untouched for so long, a machine is nobody's. */
  quietMs: number
  /** Prints the seconds since somebody last touched the machine. */
  userIdleCommand: string | undefined
  cacheBytes: number
}

/** What the command line says; undefined leaves it to environment, file and defaults. */
export interface ConfigFlags {
  manager?: string | undefined
  token?: string | undefined
  name?: string | undefined
  home?: string | undefined
  taskTypes?: readonly string[] | undefined
  slots?: number | undefined
  gpus?: readonly string[] | undefined
  stallMinutes?: number | undefined
  timeLimitMinutes?: number | undefined
  nice?: number | undefined
  restartExitCode?: number | undefined
  storage?: StorageMode | undefined
  yield?: Yielding | undefined
  quietMinutes?: number | undefined
  userIdleCommand?: string | undefined
  cacheGb?: number | undefined
}

type Environment = Readonly<Record<string, string | undefined>>

/** Precedence: flag, environment, `worker.yaml` in the home, `flamenco-worker.yaml` here, default. */
export async function readConfig(
  flags: ConfigFlags,
  env: Environment = process.env,
  cwd = process.cwd(),
): Promise<WorkerConfig> {
  const home = flags.home ?? env.FARM_WORKER_HOME ?? env.FLAMENCO_HOME ?? defaultHome(env)
  const file = await readSettings([join(cwd, 'flamenco-worker.yaml'), join(home, 'worker.yaml')])
  const url = flags.manager ?? env.FARM_MANAGER ?? file.text('manager_url')
  const minutes = (flag: number | undefined, key: string): number | undefined => {
    const value = flag ?? file.number(key, ranges.minutes)
    return value === undefined ? undefined : value * 60_000
  }
  const slots = flags.slots ?? file.number('slots', ranges.slots) ?? 1
  const gpus = flags.gpus ?? file.list('gpus') ?? []
  assertOneEach(gpus, slots)
  return Object.freeze({
    managerUrl: url === undefined || url === '' ? undefined : normaliseUrl(url),
    token: flags.token || env.FARM_TOKEN || file.text('enrolment_token') || undefined,
    name:
      flags.name ??
      file.text('worker_name') ??
      env.FARM_WORKER_NAME ??
      env.FLAMENCO_WORKER_NAME ??
      hostname(),
    home,
    taskTypes: flags.taskTypes ?? file.list('task_types') ?? defaultTaskTypes,
    slots,
    gpus,
    limits: {
      stallMs: minutes(flags.stallMinutes, 'stall_minutes'),
      timeLimitMs: minutes(flags.timeLimitMinutes, 'time_limit_minutes'),
      nice: flags.nice ?? file.number('nice', ranges.nice),
      oomScoreAdjust: file.number('oom_score_adjust', ranges.oomScore),
    },
    yielding: flags.yield ?? file.oneOf('yield', yieldings),
    quietMs: minutes(flags.quietMinutes, 'quiet_minutes') ?? 5 * 60_000,
    userIdleCommand: flags.userIdleCommand ?? file.text('user_idle_command'),
    storageMode: flags.storage ?? file.oneOf('storage', storageModes) ?? 'auto',
    cacheBytes: (flags.cacheGb ?? file.number('cache_gb', ranges.gigabytes) ?? 50) * 1e9,
    restartExitCode:
      flags.restartExitCode ?? file.number('restart_exit_code', ranges.exitCode) ?? 0,
  })
}

function assertOneEach(gpus: readonly string[], slots: number): void {
  if (gpus.length === 0 || gpus.length === slots) return
  throw new UserError(`There are ${slots} slots and ${gpus.length} GPUs: ${gpus.join(', ')}`, {
    code: 'BAD_CONFIG',
    hint: 'Name one GPU for each slot, or none.',
  })
}

export function normaliseUrl(text: string): string {
  const withScheme = /^https?:\/\//.test(text) ? text : `http://${text}`
  try {
    return new URL(withScheme).href.replace(/\/+$/, '')
  } catch (cause) {
    throw new UserError(`"${text}" is not the URL of a manager`, {
      code: 'BAD_MANAGER_URL',
      hint: 'It looks like http://render-manager:8080.',
      cause,
    })
  }
}

function defaultHome(env: Environment): string {
  const base =
    process.platform === 'win32'
      ? (env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'))
      : process.platform === 'darwin'
        ? join(homedir(), 'Library', 'Application Support')
        : (env.XDG_DATA_HOME ?? join(homedir(), '.local', 'share'))
  return join(base, 'shaman-farm', 'worker')
}
