import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { readConfigFile, writeConfigFile } from './config-file.ts'
import { checkConfig, durationOf, type RawConfig } from './schema.ts'
import { keepSecrets } from './secrets.ts'

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
  checkoutExpiryMs: number
  historyExpiryMs: number
  /** Bytes of a task's log; infinite when it has no limit. */
  taskLogLimit: number
  /** Nobody has said yet where the storage is to be; until then it is in the data folder. */
  isFirstRun: boolean
  tls: { cert: string; key: string } | undefined
}

export interface LiveConfig {
  readonly current: Config
  /** As the file has it: people edit it by hand, and some of it waits for the next start. */
  stored(): RawConfig
  /** Stores a whole new configuration; what cannot change while running takes effect at the next start. */
  replace(given: Record<string, unknown>): RawConfig
  /** Tells of every change; for what is set up once and must be set up again. */
  onChange(listener: () => void): () => void
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
  const file = options.configFile ?? join(options.dataDir, 'flamenco-manager.yaml')
  const stored = (): RawConfig => checkConfig(readConfigFile(file) ?? {})
  const listeners = new Set<() => void>()
  let current = workOut(stored(), options)
  return {
    get current() {
      return current
    },
    stored,
    replace(given) {
      const raw = checkConfig(keepSecrets(given, stored()))
      writeConfigFile(file, raw)
      current = workOut(keepRunning(raw, current.raw), options)
      for (const listener of listeners) listener()
      return raw
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** What a running manager stands on: it stays as it was at the start. */
const fixedKeys: readonly (keyof RawConfig)[] = [
  'database',
  'listen',
  'autodiscoverable',
  'local_manager_storage_path',
  'shared_storage_path',
  'shaman',
  'tls',
  'trusted_proxies',
  'registrations_per_minute',
]

/** Whether a change at this dotted key waits for a new start. */
export function needsRestart(key: string): boolean {
  return fixedKeys.some((fixed) => key === fixed || key.startsWith(`${fixed}.`))
}

function keepRunning(stored: RawConfig, running: RawConfig): RawConfig {
  const fixed = Object.fromEntries(fixedKeys.map((key) => [key, running[key]]))
  return { ...stored, ...fixed }
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
    checkoutExpiryMs: durationOf(raw.checkout_expiry),
    historyExpiryMs: durationOf(raw.history_expiry),
    taskLogLimit: raw.task_log_limit_mib > 0 ? raw.task_log_limit_mib * 2 ** 20 : Infinity,
    isFirstRun: !options.storage && raw.shared_storage_path === '',
    tls: tlsOf(raw, inData),
  })
}

function tlsOf({ tls }: RawConfig, inData: (path: string) => string): Config['tls'] {
  if (tls.cert === '' && tls.key === '') return undefined
  return { cert: inData(tls.cert), key: inData(tls.key) }
}
