import { access, constants } from 'node:fs/promises'
import type { AssignedTask } from '@shaman-farm/manager-api'
import type { WorkerClient } from '@shaman-farm/manager-api/worker-client'
import type { Logger } from 'pino'
import { createBackoff } from '../backoff.ts'
import { CommandError } from '../commands/command.ts'
import type { Credentials } from '../credentials.ts'
import { platformName } from '../identity.ts'
import { type ReuseParts, reuseFrames } from '../reuse/reuse.ts'
import type { BlobCache } from './blob-cache.ts'
import { createCheckouts } from './checkouts.ts'
import { createOutputSender } from './output-sender.ts'
import { type Parts, pull } from './pulled-storage.ts'
import { openStore } from './store.ts'
import { mountedStorage, type PrepareOptions, type TaskStorage } from './task-storage.ts'

export type StorageMode = 'auto' | 'mounted' | 'pull'

export interface Storage {
  /** Finds out how the task gets at its files, and brings them here when it has to. */
  prepare(task: AssignedTask, options: PrepareOptions): Promise<TaskStorage>
  close(): Promise<void>
}

export interface StorageOptions {
  mode: StorageMode
  client: WorkerClient
  credentials: Credentials
  home: string
  cache: BlobCache
  log: Logger
}

export function createStorage(options: StorageOptions): Storage {
  const { client, credentials, cache, home, log } = options
  const url = client.url
  const authorization = `Basic ${btoa(`${credentials.uuid}:${credentials.secret}`)}`
  const clientId = credentials.uuid
  const shaman = openStore({ url, authorization, log, clientId })
  const ways = { home, cache, shaman, client, authorization }
  const checkouts = createCheckouts({ ...ways, log })
  const parts: Parts = { ...ways, checkouts }
  async function find(task: AssignedTask, prepare: PrepareOptions): Promise<TaskStorage> {
    if (!task.checkout) return mountedStorage(task, 'the job has no checkout')
    const jobsDir =
      options.mode === 'mounted' && !task.reuse ? '' : await findJobsDir(client, prepare.signal)
    const farm = `${jobsDir.replace(/[\\/]+$/, '')}/${task.checkout.id}`
    const storage = await choose(task, farm, prepare)
    return task.reuse ? withReuse(storage, { ...ways, task, checkout: farm }, prepare) : storage
  }

  async function choose(
    task: AssignedTask,
    farm: string,
    prepare: PrepareOptions,
  ): Promise<TaskStorage> {
    const { signal, log, tell } = prepare
    const mounted = (reason: string): TaskStorage => {
      if (!task.reuse) return mountedStorage(task, reason)
      const sender = createOutputSender({ taskId: task.uuid, shaman, client, signal, log })
      return mountedStorage(task, reason, { sender, log })
    }
    if (options.mode === 'mounted') return mounted('the worker is told so')
    if (options.mode === 'pull') return pull(parts, task, farm, 'the worker is told so', prepare)
    const missing = await whatIsMissing(task, farm)
    if (!missing) return mounted(`"${farm}" is readable here`)
    tell(`no shared storage: "${missing}" is not readable here`)
    return pull(parts, task, farm, `"${missing}" is not readable here`, prepare)
  }

  return {
    prepare: (task, prepare) => patiently(() => find(task, prepare), prepare),
    async close() {
      await checkouts.close()
      await shaman.close()
    },
  }
}

/** Without the frames that were rendered before. That none can be had is no reason to fail. */
async function withReuse(
  storage: TaskStorage,
  { task, checkout, ...parts }: ReuseParts & { task: AssignedTask; checkout: string },
  { signal, log, tell, run }: PrepareOptions,
): Promise<TaskStorage> {
  const { commands } = storage
  try {
    const reuse = await reuseFrames({ ...parts, task, commands, checkout, run, signal })
    for (const { frame, from } of reuse.taken) {
      tell(`frame ${frame} is taken from an earlier render: job ${from.job}, task ${from.task}`)
    }
    return { ...storage, ...reuse }
  } catch (error) {
    if (!signal.aborted) {
      log.warn({ err: error }, 'no frames reused')
      tell(`no frames are taken from earlier renders: ${(error as Error).message}`)
      return storage
    }
    storage.release()
    throw error
  }
}

const maxTries = 40

/** A network that fails for a while is no reason to fail a task: what is here already stays here. */
async function patiently(
  find: () => Promise<TaskStorage>,
  { signal, log }: PrepareOptions,
): Promise<TaskStorage> {
  const backoff = createBackoff({ minMs: 250, maxMs: 15_000 })
  for (let tries = 1; ; tries += 1) {
    try {
      return await find()
    } catch (error) {
      signal.throwIfAborted()
      if (tries >= triesFor(error)) throw explained(error)
      log.warn({ err: error, tries }, 'files not here yet')
      await backoff.wait(signal)
    }
  }
}

function triesFor(error: unknown): number {
  const { code, status = 0 } = error as { code?: unknown; status?: number }
  const isRefusal = status >= 400 && status < 500 && status !== 408 && status !== 429
  if (code === 'BLOB_MISSING' || code === 'ENOSPC' || isRefusal) return 1
  // Another slot, or what is fetched ahead, may let go of its part in a moment.
  return code === 'CACHE_FULL' ? 5 : maxTries
}

function explained(error: unknown): CommandError {
  const { code, message } = error as { code?: unknown; message: string }
  const isMissing = code === 'BLOB_MISSING' || (error as { status?: number }).status === 404
  const text = `The files of the job could not be brought here: ${message}`
  return new CommandError(isMissing ? 'missing-file' : 'other', text, [], { cause: error })
}

/** Where checkouts are, as this platform names it. */
export async function findJobsDir(client: WorkerClient, signal?: AbortSignal): Promise<string> {
  const { location } = await client.getSharedStorage({
    params: { audience: 'workers', platform: platformName() },
    ...(signal ? { signal } : {}),
    timeoutMs: 10_000,
  })
  return location
}

/** The checkout, or the first of its files that the task names, that cannot be read; undefined when all is well. */
async function whatIsMissing(task: AssignedTask, farm: string): Promise<string | undefined> {
  const named = task.commands
    .flatMap(({ parameters }) => Object.values(parameters))
    .filter((value): value is string => typeof value === 'string' && value.startsWith(`${farm}/`))
  for (const path of [farm, ...named]) {
    if (!(await isReadable(path))) return path
  }
  return undefined
}

export async function isReadable(path: string): Promise<boolean> {
  return access(path, constants.R_OK).then(
    () => true,
    () => false,
  )
}
