import { readFile } from 'node:fs/promises'
import { homedir, hostname } from 'node:os'
import { join } from 'node:path'
import { UserError } from '@shaman-farm/terminal'
import { parse } from 'yaml'
import type { StorageMode } from './mount-free/storage.ts'
import type { Yielding } from './presence/presence.ts'
import type { ProcessLimits } from './process/run.ts'

export const defaultTaskTypes = ['blender', 'ffmpeg', 'file-management', 'misc'] as const

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
  const file = {
    ...(await readYaml(join(cwd, 'flamenco-worker.yaml'))),
    ...(await readYaml(join(home, 'worker.yaml'))),
  }
  const url = flags.manager ?? env.FARM_MANAGER ?? textOf(file.manager_url)
  const minutes = (flag: number | undefined, key: string): number | undefined => {
    const value = flag ?? numberOf(file[key])
    return value === undefined ? undefined : value * 60_000
  }
  return Object.freeze({
    managerUrl: url === undefined || url === '' ? undefined : normaliseUrl(url),
    token: flags.token || env.FARM_TOKEN || textOf(file.enrolment_token) || undefined,
    name:
      flags.name ??
      textOf(file.worker_name) ??
      env.FARM_WORKER_NAME ??
      env.FLAMENCO_WORKER_NAME ??
      hostname(),
    home,
    taskTypes: flags.taskTypes ?? listOf(file.task_types) ?? defaultTaskTypes,
    slots: flags.slots ?? numberOf(file.slots) ?? 1,
    gpus: flags.gpus ?? listOf(file.gpus) ?? [],
    limits: {
      stallMs: minutes(flags.stallMinutes, 'stall_minutes'),
      timeLimitMs: minutes(flags.timeLimitMinutes, 'time_limit_minutes'),
      nice: flags.nice ?? numberOf(file.nice),
      oomScoreAdjust: numberOf(file.oom_score_adjust),
    },
    yielding: flags.yield ?? yieldingOf(file.yield),
    quietMs: minutes(flags.quietMinutes, 'quiet_minutes') ?? 5 * 60_000,
    userIdleCommand: flags.userIdleCommand ?? textOf(file.user_idle_command),
    storageMode: flags.storage ?? storageModeOf(file.storage) ?? 'auto',
    cacheBytes: (flags.cacheGb ?? numberOf(file.cache_gb) ?? 50) * 1e9,
    restartExitCode: flags.restartExitCode ?? numberOf(file.restart_exit_code) ?? 0,
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

async function readYaml(file: string): Promise<Record<string, unknown>> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  try {
    const value: unknown = parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch (cause) {
    throw new UserError(`${file} is not valid YAML: ${(cause as Error).message}`, {
      code: 'BAD_CONFIG',
      cause,
    })
  }
}

function storageModeOf(value: unknown): StorageMode | undefined {
  return value === 'auto' || value === 'mounted' || value === 'pull' ? value : undefined
}

function yieldingOf(value: unknown): Yielding | undefined {
  return value === 'pause' || value === 'stop' || value === 'finish' ? value : undefined
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

function listOf(value: unknown): string[] | undefined {
  return Array.isArray(value) ? value.map(String) : undefined
}
