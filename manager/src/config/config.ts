import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { readConfigFile, writeConfigFile } from './config-file.ts'
import { checkConfig, durationOf, type RawConfig } from './schema.ts'

export interface ConfigOptions {
  /** The manager's own folder: database, logs, index, configuration. */
  dataDir: string
  /** Overrides the file's `shared_storage_path`. */
  storage?: string | undefined
  host?: string | undefined
  port?: number | undefined
  configFile?: string | undefined
}

/** Everything the manager wants to know, worked out: absolute paths, milliseconds. */
export interface Config {
  raw: RawConfig
  dataDir: string
  configFile: string
  databasePath: string
  localStorage: string
  storage: string
  jobsLocation: string
  renderOutputRoot: string
  host: string
  port: number
  taskTimeoutMs: number
  workerTimeoutMs: number
  stuckAfterMs: number
  integrityCheckMs: number
  backupPeriodMs: number
  isFirstRun: boolean
}

export interface LiveConfig {
  readonly current: Config
  /** Stores a whole new configuration; what cannot change while running takes effect at the next start. */
  replace(given: Record<string, unknown>): Config
  /** Reads the file again, for those who edit it by hand. */
  reload(): Config
}

export function defaultDataDir(env: NodeJS.ProcessEnv = process.env): string {
  if (env.SHAMAN_FARM_DATA) return resolve(env.SHAMAN_FARM_DATA)
  if (process.platform === 'win32' && env.LOCALAPPDATA) {
    return join(env.LOCALAPPDATA, 'Shaman Farm')
  }
  if (process.platform === 'darwin') {
    return join(homedir(), 'Library', 'Application Support', 'Shaman Farm')
  }
  return join(env.XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'shaman-farm')
}

export function openConfig(options: ConfigOptions): LiveConfig {
  let current = load(options)
  return {
    get current() {
      return current
    },
    replace(given) {
      const raw = checkConfig(keepSecrets(given, current.raw))
      writeConfigFile(current.configFile, raw)
      current = workOut(raw, options)
      return current
    },
    reload() {
      current = load(options)
      return current
    },
  }
}

function load(options: ConfigOptions): Config {
  const file = options.configFile ?? join(options.dataDir, 'flamenco-manager.yaml')
  return workOut(checkConfig(readConfigFile(file) ?? {}), options)
}

function workOut(raw: RawConfig, options: ConfigOptions): Config {
  const dataDir = resolve(options.dataDir)
  const inData = (path: string): string => (isAbsolute(path) ? path : resolve(dataDir, path))
  const storage = resolve(options.storage || raw.shared_storage_path || join(dataDir, 'storage'))
  const [, host, port] = /^(.*):(\d+)$/.exec(raw.listen)!
  return Object.freeze({
    raw,
    dataDir,
    configFile: options.configFile ?? join(dataDir, 'flamenco-manager.yaml'),
    databasePath: inData(raw.database),
    localStorage: inData(raw.local_manager_storage_path),
    storage,
    jobsLocation: raw.shaman.enabled ? join(storage, 'jobs') : storage,
    renderOutputRoot: raw.render_output_root || join(storage, 'renders'),
    host: options.host ?? host!.replace(/^\[|\]$/g, ''),
    port: options.port ?? Number(port),
    taskTimeoutMs: durationOf(raw.task_timeout),
    workerTimeoutMs: durationOf(raw.worker_timeout),
    stuckAfterMs: durationOf(raw.stuck_after),
    integrityCheckMs: durationOf(raw.database_check_period),
    backupPeriodMs: durationOf(raw.backup_period),
    isFirstRun: false,
  })
}

const mask = '********'

/** The configuration as it may be shown: nobody needs to read a password back. */
export function maskSecrets(raw: RawConfig): RawConfig {
  const client = raw.mqtt.client
  return {
    ...raw,
    mqtt: { client: { ...client, password: client.password === '' ? '' : mask } },
  }
}

function keepSecrets(given: Record<string, unknown>, known: RawConfig): Record<string, unknown> {
  const client = (given.mqtt as { client?: { password?: unknown } } | undefined)?.client
  if (client?.password !== mask) return given
  return { ...given, mqtt: { client: { ...client, password: known.mqtt.client.password } } }
}
