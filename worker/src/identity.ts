import { randomBytes } from 'node:crypto'
import type { WorkerStatus } from '@shaman-farm/manager-api'
import { createWorkerClient, type WorkerClient } from '@shaman-farm/manager-api/worker-client'
import type { Logger } from 'pino'
import { createBackoff } from './backoff.ts'
import { type Credentials, readCredentials, writeCredentials } from './credentials.ts'

export interface SignOnOptions {
  managerUrl: string
  home: string
  /** The enrolment token, where the farm asks for one. */
  token?: string | undefined
  name: string
  taskTypes: readonly string[]
  /** What of it can be done here, as far as the manager's answers tell. */
  possibleTaskTypes?: (client: WorkerClient) => Promise<readonly string[]>
  canRestart: boolean
  softwareVersion: string
  log: Logger
  signal: AbortSignal
  retry?: { minMs: number; maxMs: number }
}

export interface SignedOn {
  client: WorkerClient
  credentials: Credentials
  /** The status the manager wants the worker in. */
  status: WorkerStatus
}

/**
 * Signs on with the credentials in the home, and registers first where there are none. A manager that is down or in
 * trouble is waited for; only a plain "no such worker" makes a new one, so a hiccup never leaves two of the same.
 */
export async function signOn(options: SignOnOptions): Promise<SignedOn> {
  const { log, signal } = options
  const backoff = createBackoff(options.retry ?? { minMs: 250, maxMs: 15_000 })
  let credentials = await readCredentials(options.home)
  while (true) {
    signal.throwIfAborted()
    try {
      credentials ??= await register(options)
      const client = createWorkerClient({ url: options.managerUrl, worker: credentials })
      const answer: { status: number; body: unknown } = await client.request('signOn', {
        body: {
          name: options.name,
          supported_task_types: [...(await possibleTypes(options, client))],
          software_version: options.softwareVersion,
          can_restart: options.canRestart,
        },
        timeoutMs: 10_000,
        signal,
      })
      if (answer.status === 200) {
        const { status_requested } = answer.body as { status_requested: WorkerStatus }
        return { client, credentials, status: status_requested }
      }
      if (answer.status === 403 || answer.status === 401) {
        log.warn({ worker: credentials.uuid }, 'worker is unknown to manager, registering anew')
        credentials = undefined
      } else log.warn({ status: answer.status }, 'sign-on not taken, trying again')
    } catch (error) {
      signal.throwIfAborted()
      if (isRefusedEnrolment(error)) throw error
      log.warn({ err: error, manager: options.managerUrl }, 'manager not reached, trying again')
    }
    await backoff.wait(signal)
  }
}

async function possibleTypes(
  { taskTypes, possibleTaskTypes }: SignOnOptions,
  client: WorkerClient,
): Promise<readonly string[]> {
  return possibleTaskTypes ? possibleTaskTypes(client) : taskTypes
}

/** Asking again with the same token would not help. */
function isRefusedEnrolment(error: unknown): boolean {
  const { body } = error as { body?: { error_code?: unknown } }
  return body?.error_code === 'ENROLMENT_REFUSED'
}

async function register(options: SignOnOptions): Promise<Credentials> {
  const secret = randomBytes(32).toString('hex')
  const client = createWorkerClient({ url: options.managerUrl })
  const { uuid } = await client.registerWorker({
    body: {
      name: options.name,
      secret,
      platform: platformName(),
      supported_task_types: [...options.taskTypes],
    },
    ...(options.token ? { headers: { 'X-Farm-Enrol': options.token } } : {}),
    timeoutMs: 10_000,
    signal: options.signal,
  })
  const credentials = { uuid, secret }
  await writeCredentials(options.home, credentials)
  options.log.info({ worker: uuid, worker_name: options.name }, 'worker registered')
  return credentials
}

/** The names the farm's variables use. */
export function platformName(platform: NodeJS.Platform = process.platform): string {
  return platform === 'win32' ? 'windows' : platform
}
