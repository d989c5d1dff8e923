import { chmod, constants, copyFile, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { AssignedTask, JobOutputs } from '@shaman-farm/manager-api'
import { ManagerError, type WorkerClient } from '@shaman-farm/manager-api/worker-client'
import type { Digest } from '@shaman-farm/shaman/digest'
import type { BlobCache } from './blob-cache.ts'
import type { Checkouts } from './checkouts.ts'
import { createOutputSender } from './output-sender.ts'
import { mapPaths, type PathMap } from './path-map.ts'
import type { Store } from './store.ts'
import type { PrepareOptions, TaskStorage } from './task-storage.ts'

/** What files are brought and sent back with. */
export interface Parts {
  home: string
  cache: BlobCache
  checkouts: Checkouts
  shaman: Store
  client: WorkerClient
  authorization: string
}

/** Brings the task's files here and sends back what it makes. */
export async function pull(
  parts: Parts,
  task: AssignedTask,
  farm: string,
  reason: string,
  { signal, log, tell }: PrepareOptions,
): Promise<TaskStorage> {
  const { home, shaman, client, checkouts } = parts
  const checkoutId = task.checkout?.id ?? ''
  const outputDir = join(home, 'outputs', task.uuid)
  const { dir: local, release } = await checkouts.bring(checkoutId, {
    jobId: task.job,
    signal,
    tell,
  })
  const map = mapPaths({ commands: task.commands, checkout: { farm, local }, outputDir })
  const sender = createOutputSender({ taskId: task.uuid, shaman, client, signal, log })
  const given = await bringOutputs(parts, task, map, signal, tell).catch((error: unknown) => {
    release()
    throw error
  })
  checkouts.prefetchAfter(checkoutId)
  const send = (file: string, frame?: number): void => {
    const path = map.toFarm(file)
    if (path === undefined) return
    sender.send({ local: file, farm: path, ...(frame === undefined ? {} : { frame }) })
  }
  return {
    kind: 'pulled',
    reason,
    commands: map.commands,
    taken: [],
    keyOf: () => undefined,
    toFarm: (file) => map.toFarm(file) ?? file,
    produced(file, frame) {
      given.delete(file)
      send(file, frame)
    },
    found(file, frame) {
      if (!given.has(file)) send(file, frame)
    },
    async delivered(offers) {
      // Files that Blender did not speak of: previews, other outputs of the compositor, videos.
      for (const folder of map.outputs) {
        for (const file of await filesUnder(folder.local)) {
          if (!given.has(file) && !file.endsWith('.part')) send(file)
        }
      }
      await sender.settled()
      for (const { file, ...offer } of offers) {
        sender.send({ local: file, farm: map.toFarm(file) ?? file, isWritten: true, ...offer })
      }
      await sender.settled()
      if (!signal.aborted) await rm(outputDir, { recursive: true, force: true })
    },
    release,
  }
}

/** What the task reads or need not make again: frames of the job that other workers made. */
async function bringOutputs(
  { client, cache, authorization }: Parts,
  task: AssignedTask,
  map: PathMap,
  signal: AbortSignal,
  tell: (line: string) => void,
): Promise<Set<string>> {
  // Nothing is read or written, and a job without an output folder may not be asked for its outputs.
  if (map.outputs.length === 0) return new Set()
  for (const { local } of map.outputs) await mkdir(local, { recursive: true })
  const readsFrames = task.commands.some(({ name }) => name === 'frames-to-video')
  const { files, directory } = await storedOutputs(client, task.job, signal)
  const wanted = files.filter((file) => readsFrames || file.task_id === task.uuid)
  const here = new Map<string, StoredOutput>()
  for (const file of wanted) {
    const place = map.placeOf(file.path, directory)
    if (place !== undefined) here.set(place, file)
  }
  if (here.size === 0) return new Set()
  tell(`fetching ${here.size} frames that are done already`)
  const hold = await cache.hold([...here.values()], { signal, authorization })
  try {
    await copyInto(here, hold.pathOf)
  } finally {
    hold.release()
  }
  return new Set(here.keys())
}

type StoredOutput = JobOutputs['files'][number] & Digest

/** What the job has made, as far as its bytes are in the store. */
async function storedOutputs(
  client: WorkerClient,
  jobId: string,
  signal: AbortSignal,
): Promise<{ files: StoredOutput[]; directory?: string | undefined }> {
  const answer = await client.request('farmStoreJobOutputs', {
    params: { job_id: jobId },
    signal,
  })
  // Flamenco's manager does not know this path.
  if (answer.status === 404) return { files: [] }
  if (answer.status !== 200) {
    throw new ManagerError('MANAGER_REFUSED', `outputs not listed: status ${answer.status}`, answer)
  }
  const files = answer.body.files.filter(
    (file): file is StoredOutput => file.sha !== undefined && file.size !== undefined,
  )
  return { files, directory: answer.body.directory }
}

async function copyInto(
  files: ReadonlyMap<string, StoredOutput>,
  pathOf: (file: StoredOutput) => string,
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
