import { createHash } from 'node:crypto'
import {
  access,
  chmod,
  constants,
  copyFile,
  mkdir,
  readdir,
  rm,
  stat,
  utimes,
} from 'node:fs/promises'
import { join } from 'node:path'
import type { AssignedTask, ManagerClient } from '@shaman-farm/manager-api'
import { createShamanClient, type ShamanClient } from '@shaman-farm/shaman/client'
import type { Logger } from 'pino'
import { createBackoff } from '../backoff.ts'
import { CommandError } from '../commands/command.ts'
import type { Credentials } from '../credentials.ts'
import { platformName } from '../identity.ts'
import type { BlobCache } from './blob-cache.ts'
import { createJobOutputs, type JobOutput, type JobOutputs } from './job-outputs.ts'
import { materialise } from './materialise.ts'
import { createOutputSender } from './output-sender.ts'
import { mapPaths, type PathMap } from './path-map.ts'
import { mountedStorage, type TaskStorage } from './task-storage.ts'

export type StorageMode = 'auto' | 'mounted' | 'pull'

export interface Storage {
  /** Finds out how the task gets at its files, and brings them here when it has to. */
  prepare(task: AssignedTask, options: PrepareOptions): Promise<TaskStorage>
  close(): Promise<void>
}

export interface PrepareOptions {
  signal: AbortSignal
  log: Logger
  /** A line for the task's log. */
  tell: (line: string) => void
}

export interface StorageOptions {
  mode: StorageMode
  client: ManagerClient
  credentials: Credentials
  home: string
  cache: BlobCache
  log: Logger
}

/** Checkouts kept beside the one at work, for jobs that take turns. */
const keptCheckouts = 8

export function createStorage(options: StorageOptions): Storage {
  const { client, credentials, cache } = options
  const url = client.url
  const shaman = createShamanClient({ url, log: options.log, clientId: credentials.uuid })
  const parts: Parts = {
    home: options.home,
    cache,
    shaman,
    outputs: createJobOutputs({ url, credentials }),
  }
  async function find(task: AssignedTask, prepare: PrepareOptions): Promise<TaskStorage> {
    if (options.mode === 'mounted') return mountedStorage(task, 'the worker is told so')
    if (!task.checkout) return mountedStorage(task, 'the job has no checkout')
    const jobsDir = await findJobsDir(client, prepare.signal)
    const farm = `${jobsDir.replace(/[\\/]+$/, '')}/${task.checkout.id}`
    if (options.mode === 'auto') {
      const missing = await whatIsMissing(task, farm)
      if (!missing) return mountedStorage(task, `"${farm}" is readable here`)
      prepare.tell(`no shared storage: "${missing}" is not readable here`)
      return pull(parts, task, farm, `"${missing}" is not readable here`, prepare)
    }
    return pull(parts, task, farm, 'the worker is told so', prepare)
  }

  return {
    prepare: (task, prepare) => patiently(() => find(task, prepare), prepare),
    close: () => shaman.close(),
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
      if (tries >= maxTries || isFinal(error)) throw explained(error)
      log.warn({ err: error, tries }, 'files not here yet')
      await backoff.wait(signal)
    }
  }
}

function isFinal(error: unknown): boolean {
  const { code, status = 0 } = error as { code?: unknown; status?: number }
  const isRefusal = status >= 400 && status < 500 && status !== 408 && status !== 429
  return code === 'BLOB_MISSING' || code === 'CACHE_FULL' || code === 'ENOSPC' || isRefusal
}

function explained(error: unknown): CommandError {
  const { code, message } = error as { code?: unknown; message: string }
  const isMissing = code === 'BLOB_MISSING' || (error as { status?: number }).status === 404
  const text = `The files of the job could not be brought here: ${message}`
  return new CommandError(isMissing ? 'missing-file' : 'other', text, [], { cause: error })
}

interface Parts {
  home: string
  cache: BlobCache
  shaman: ShamanClient
  outputs: JobOutputs
}

/** Where checkouts are, as this platform names it. */
export async function findJobsDir(client: ManagerClient, signal?: AbortSignal): Promise<string> {
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

async function pull(
  parts: Parts,
  task: AssignedTask,
  farm: string,
  reason: string,
  { signal, log, tell }: PrepareOptions,
): Promise<TaskStorage> {
  const { home, shaman, outputs } = parts
  const checkoutId = task.checkout?.id ?? ''
  const local = join(home, 'checkouts', createHash('sha256').update(checkoutId).digest('hex'))
  const outputDir = join(home, 'outputs', task.uuid)
  const map = mapPaths({ commands: task.commands, checkout: { farm, local }, outputDir })
  const release = await bringInputs(parts, { checkoutId, local, signal, tell })
  const sender = createOutputSender({ taskId: task.uuid, shaman, outputs, signal, log })
  const given = await bringOutputs(parts, task, map, signal, tell).catch((error: unknown) => {
    release()
    throw error
  })
  const send = (file: string, frame?: number): void => {
    const path = map.toFarm(file)
    if (path === undefined) return
    sender.send({ local: file, farm: path, ...(frame === undefined ? {} : { frame }) })
  }
  return {
    kind: 'pulled',
    reason,
    commands: map.commands,
    toFarm: (file) => map.toFarm(file) ?? file,
    produced(file, frame) {
      given.delete(file)
      send(file, frame)
    },
    found(file, frame) {
      if (!given.has(file)) send(file, frame)
    },
    async delivered() {
      // Files that Blender did not speak of: previews, other outputs of the compositor, videos.
      for (const folder of map.outputs) {
        for (const file of await filesUnder(folder.local)) {
          if (!given.has(file)) send(file)
        }
      }
      await sender.settled()
      if (!signal.aborted) await rm(outputDir, { recursive: true, force: true })
    },
    release,
  }
}

interface InputOptions {
  checkoutId: string
  local: string
  signal: AbortSignal
  tell: (line: string) => void
}

/** The checkout's tree, from the cache; the blobs stay until released. */
async function bringInputs(
  { shaman, cache, home }: Parts,
  { checkoutId, local, signal, tell }: InputOptions,
): Promise<() => void> {
  const started = performance.now()
  const { files } = await shaman.manifest(checkoutId, { signal })
  const hold = await cache.hold(files, { signal })
  try {
    const isThere = await stat(local).then(
      () => true,
      () => false,
    )
    // With its blobs held, a tree that is there is a whole one: it appears by rename.
    const strategy = isThere ? 'kept' : await materialise(files, hold, local)
    await utimes(local, new Date(), new Date())
    await pruneCheckouts(join(home, 'checkouts'))
    const ms = Math.round(performance.now() - started)
    tell(
      `checkout of ${files.length} files (${strategy}), ${hold.fetchedBytes} bytes fetched, ${ms} ms`,
    )
    return hold.release
  } catch (error) {
    hold.release()
    throw error
  }
}

/** What the task reads or need not make again: frames of the job that other workers made. */
async function bringOutputs(
  { outputs, cache }: Parts,
  task: AssignedTask,
  map: PathMap,
  signal: AbortSignal,
  tell: (line: string) => void,
): Promise<Set<string>> {
  for (const { local } of map.outputs) await mkdir(local, { recursive: true })
  const readsFrames = task.commands.some(({ name }) => name === 'frames-to-video')
  const known = await outputs.list(task.job, signal)
  const wanted = known.filter((file) => readsFrames || file.task_id === task.uuid)
  const here = new Map<string, JobOutput>()
  for (const file of wanted) {
    const folder = map.outputs.find(({ farm }) => file.path.startsWith(`${farm}/`))
    if (folder) here.set(`${folder.local}/${file.path.slice(folder.farm.length + 1)}`, file)
  }
  if (here.size === 0) return new Set()
  tell(`fetching ${here.size} frames that are done already`)
  const hold = await cache.hold([...here.values()], { signal })
  try {
    await copyInto(here, hold.pathOf)
  } finally {
    hold.release()
  }
  return new Set(here.keys())
}

async function copyInto(
  files: ReadonlyMap<string, JobOutput>,
  pathOf: (file: JobOutput) => string,
): Promise<void> {
  for (const [local, file] of files) {
    await rm(local, { force: true })
    await copyFile(pathOf(file), local, constants.COPYFILE_FICLONE)
    await chmod(local, 0o644)
  }
}

async function filesUnder(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true, recursive: true }).catch(() => [])
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

async function pruneCheckouts(dir: string): Promise<void> {
  const names = await readdir(dir)
  const dated = await Promise.all(
    names.map(async (name) => ({ name, at: (await stat(join(dir, name))).mtimeMs })),
  )
  for (const { name } of dated.sort((a, b) => b.at - a.at).slice(keptCheckouts)) {
    await rm(join(dir, name), { recursive: true, force: true })
  }
}
