import { notificationKinds } from '@shaman-farm/manager-api/schemas'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { FarmError } from '../problems.ts'
import { parseDuration } from './durations.ts'

const Duration = Type.String({ pattern: '^(0|(\\d+(\\.\\d+)?(ns|us|µs|ms|s|m|h))+)$' })

export const VariableValue = Type.Object({
  audience: Type.Optional(Type.Enum(['all', 'workers', 'users'])),
  platform: Type.Optional(Type.String()),
  platforms: Type.Optional(Type.Array(Type.String())),
  value: Type.String(),
})
export const Variable = Type.Object({
  is_twoway: Type.Optional(Type.Boolean()),
  values: Type.Array(VariableValue),
})
export const Variables = Type.Record(Type.String(), Variable)
export type Variables = Type.Static<typeof Variables>

export const Webhook = Type.Object({
  url: Type.String({ pattern: '^https?://' }),
  /** What the deliveries are signed with. */
  secret: Type.Optional(Type.String()),
  /** Without them, all. */
  kinds: Type.Optional(Type.Array(Type.Enum(notificationKinds))),
})

/** The keys of `flamenco-manager.yaml`, version 3, and (at the end) ours. Unknown keys are kept and ignored. */
export const RawConfig = Type.Object({
  _meta: Type.Object({ version: Type.Literal(3) }),
  manager_name: Type.String({ minLength: 1 }),
  database: Type.String({ minLength: 1 }),
  database_check_period: Duration,
  listen: Type.String({ pattern: '^.*:\\d{1,5}$' }),
  autodiscoverable: Type.Boolean(),
  local_manager_storage_path: Type.String({ minLength: 1 }),
  shared_storage_path: Type.String(),
  shaman: Type.Object({
    enabled: Type.Boolean(),
    blobsIn: Type.Optional(Type.String()),
    garbageCollect: Type.Object({ period: Duration, maxAge: Duration }),
  }),
  task_timeout: Duration,
  worker_timeout: Duration,
  blocklist_threshold: Type.Integer({ minimum: 0 }),
  task_fail_after_softfail_count: Type.Integer({ minimum: 1 }),
  mqtt: Type.Object({
    client: Type.Object({
      enabled: Type.Optional(Type.Boolean()),
      broker: Type.String(),
      clientID: Type.String(),
      topic_prefix: Type.String(),
      username: Type.String(),
      password: Type.String(),
    }),
  }),
  variables: Variables,
  /** Who is told of notifications, by a name of one's choice. */
  webhooks: Type.Record(Type.String(), Webhook),
  render_output_root: Type.String(),
  job_fail_percent: Type.Integer({ minimum: 1, maximum: 100 }),
  stuck_after: Duration,
  backup_period: Duration,
  /** Most of a task's log that is kept; 0 keeps all of it. */
  task_log_limit_mib: Type.Integer({ minimum: 0 }),
  /** How long after its end a job's input is kept; 0 keeps it until the job is deleted. */
  checkout_expiry: Duration,
  /** How long the audit log and the notifications are kept; 0 keeps as many as fit. */
  history_expiry: Duration,
  /** `open` lets everyone on the network do everything; `tokens` asks who they are. */
  auth: Type.Enum(['open', 'tokens']),
  allowed_hosts: Type.Array(Type.String()),
  /** Addresses of proxies whose word on a client's address is taken. */
  trusted_proxies: Type.Array(Type.String()),
  /** Files of a certificate and its key, in PEM; with both the manager speaks HTTPS. */
  tls: Type.Object({ cert: Type.String(), key: Type.String() }),
  registrations_per_minute: Type.Integer({ minimum: 1 }),
  /** What `getVersion` tells as shortversion, for add-ons that want an equal one. */
  reported_version: Type.String(),
})
export type RawConfig = Type.Static<typeof RawConfig>

const check = Compile(RawConfig)

export const defaultConfig: RawConfig = {
  _meta: { version: 3 },
  manager_name: 'Shaman Farm',
  database: 'flamenco-manager.sqlite',
  database_check_period: '10m',
  listen: ':8080',
  autodiscoverable: true,
  local_manager_storage_path: './flamenco-manager-storage',
  shared_storage_path: '',
  shaman: { enabled: true, garbageCollect: { period: '24h', maxAge: '744h' } },
  task_timeout: '10m',
  worker_timeout: '1m',
  blocklist_threshold: 3,
  task_fail_after_softfail_count: 3,
  mqtt: {
    client: {
      enabled: false,
      broker: '',
      clientID: 'flamenco',
      topic_prefix: 'flamenco',
      username: '',
      password: '',
    },
  },
  variables: {
    blender: {
      values: [
        { platform: 'linux', value: 'blender' },
        { platform: 'darwin', value: 'blender' },
        { platform: 'windows', value: 'blender.exe' },
      ],
    },
    blenderArgs: { values: [{ platform: 'all', value: '-b -y' }] },
  },
  webhooks: {},
  render_output_root: '',
  job_fail_percent: 10,
  stuck_after: '20m',
  backup_period: '24h',
  task_log_limit_mib: 1024,
  checkout_expiry: '0',
  history_expiry: '8760h',
  auth: 'open',
  allowed_hosts: [],
  trusted_proxies: [],
  tls: { cert: '', key: '' },
  registrations_per_minute: 600,
  reported_version: '3.9-beta1',
}

/** Defaults filled in, every value checked; throws with one problem per field. */
export function checkConfig(given: Record<string, unknown>): RawConfig {
  const merged = mergeDefaults(defaultConfig, dropNulls(given))
  const problems = check.Errors(merged).map((error) => ({
    field: error.instancePath.slice(1).replaceAll('/', '.') || '_meta',
    message: explain(error),
  }))
  if (problems.length > 0) {
    throw new FarmError(
      'CONFIG_INVALID',
      `The configuration is wrong: ${problems.map((p) => `${p.field} ${p.message}`).join('; ')}`,
      { fields: problems },
    )
  }
  return merged as RawConfig
}

export function durationOf(text: string): number {
  return parseDuration(text) ?? 0
}

function explain(error: {
  keyword: string
  message: string
  schemaPath: string
  instancePath: string
}): string {
  if (error.keyword === 'pattern' && error.instancePath.endsWith('/url')) {
    return 'must begin with http:// or https://'
  }
  if (error.keyword === 'pattern') return 'must look like 10m, 1h30m or 0 (listen: host:port)'
  return error.message
}

function dropNulls(given: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null))
}

/** Objects are merged key by key, except the variables, which are a set that the file states as a whole. */
function mergeDefaults<T extends object>(defaults: T, given: Record<string, unknown>): T {
  const merged: Record<string, unknown> = { ...defaults, ...given }
  for (const [key, value] of Object.entries(defaults)) {
    const own = given[key]
    if (key !== 'variables' && isPlainObject(value) && isPlainObject(own)) {
      merged[key] = mergeDefaults(value, own)
    }
  }
  return merged as T
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
