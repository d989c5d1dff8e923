import { randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, isAbsolute, relative, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { type Digest, digestOfFile, type Shaman } from '@shaman-farm/shaman'
import type { Farm } from '../farm.ts'
import { needJob, needTask } from '../http/lookup.ts'
import { outputsOf } from '../jobs/job-views.ts'
import type { JobRecord } from '../jobs/jobs-store.ts'
import { FarmError } from '../problems.ts'
import type { Services } from '../services.ts'
import type { TaskRecord } from '../tasks/tasks-store.ts'
import type { VariableBook } from '../variables-book.ts'
import type { OutputRecord } from './outputs-store.ts'
import { isOutputPlace } from './roots.ts'

/** A file as its worker tells of it. */
export interface ToldOutput extends Digest {
  path: string
  frame?: number
  /** Under which the frame may be taken instead of rendering it again. */
  key?: string
  /** The worker wrote it to the storage itself; only its bytes are in the store too. */
  written?: boolean
}

/**
 * Takes files that a worker without the shared storage has made: their bytes are in the store, and are written to where
 * the job wants them, durable before the answer. Telling of the same file twice is harmless.
 */
export async function takeOutputs(
  services: Services,
  workerId: number,
  taskUuid: string,
  files: readonly ToldOutput[],
): Promise<void> {
  const { farm, variables } = services
  const shaman = needShaman(services)
  const task = needTaskAtWork(farm, taskUuid, workerId)
  const job = needJob(farm, farm.jobs.byId(task.job_id).uuid)
  const directory = directoryOf(job, variables)
  for (const { path, sha, size, frame, key, written } of files) {
    const target = inside(directory, path)
    if (!written) {
      assertOutputPlace(services, target)
      await writeFromStore(shaman, { sha, size }, target)
    }
    const record = {
      job_id: job.id,
      path: target,
      sha,
      size,
      frame: frame ?? null,
      task_id: task.id,
    }
    farm.transaction(() => {
      farm.outputs.put(record, farm.now())
      if (key === undefined || !farm.outputs.wantsReuse(job.id)) return
      const from = { path: target, job_uuid: job.uuid, task_uuid: task.uuid }
      farm.outputs.putReusable({ key, sha, size, ...from }, farm.now())
    })
  }
}

/** A file that a worker wrote to the shared storage. */
export interface WrittenFile {
  path: string
  frame?: number
  task_id: number
}

/**
 * Puts files that workers wrote to the shared storage themselves into the store, so that a worker without that storage, or
 * an artist, can fetch them. What is there already is not read again.
 */
export async function storeOutputs(
  services: Services,
  job: JobRecord,
  written: readonly WrittenFile[],
): Promise<void> {
  const { farm, variables } = services
  const shaman = needShaman(services)
  const directory = directoryOf(job, variables)
  const known = new Map(farm.outputs.ofJob(job.id).map((output) => [output.path, output]))
  for (const { path, frame, task_id } of written) {
    const file = inside(directory, path)
    assertOutputPlace(services, file)
    const digest = await putIntoStore(farm, shaman, file, known.get(file))
    if (!digest) continue
    const record = { job_id: job.id, path: file, ...digest, frame: frame ?? null, task_id }
    farm.transaction(() => farm.outputs.put(record, farm.now()))
  }
}

/** The task, if this worker is at work on it. */
export function needTaskAtWork(farm: Farm, taskUuid: string, workerId: number): TaskRecord {
  const task = needTask(farm, taskUuid)
  if (task.worker_id === workerId && task.status === 'active') return task
  throw new FarmError('TASK_NOT_YOURS', 'The task is not at work on this worker')
}

export function needShaman({ shaman }: Services): Shaman {
  if (!shaman) throw new FarmError('SHAMAN_DISABLED', 'This farm has no store')
  return shaman
}

export function directoryOf(job: JobRecord, variables: VariableBook): string {
  const { directory } = outputsOf(job)
  const expanded = variables.expandForWorker({ directory }, variables.managerPlatform).directory
  if (typeof expanded !== 'string' || !isAbsolute(expanded)) {
    throw new FarmError('OUTPUT_ELSEWHERE', 'The job has no folder of its own for what it makes', {
      hint: 'Only jobs with a render_output_path can run on workers without the shared storage.',
    })
  }
  return resolve(expanded)
}

function assertOutputPlace(services: Services, path: string): void {
  if (isOutputPlace(services, path)) return
  throw new FarmError('OUTPUT_ELSEWHERE', `"${path}" is in no folder that the manager may use`, {
    hint: 'Render below the storage, or name the folder in render_output_root or in a variable of the configuration.',
  })
}

// A worker may write where its job writes and nowhere else, whatever path it tells.
function inside(directory: string, path: string): string {
  const target = resolve(path)
  const way = relative(directory, target)
  if (!isAbsolute(path) || way === '' || way.startsWith('..') || isAbsolute(way)) {
    throw new FarmError('OUTPUT_ELSEWHERE', `"${path}" is not in the output folder of the job`)
  }
  return target
}

async function writeFromStore(shaman: Shaman, digest: Digest, target: string): Promise<void> {
  const unpin = shaman.protection.pin([digest])
  const draft = `${target}.${randomUUID().slice(0, 8)}.part`
  try {
    if (!(await shaman.blobs.has(digest))) {
      throw new FarmError('OUTPUT_NOT_STORED', `The bytes of "${target}" are not in the store`)
    }
    await mkdir(dirname(target), { recursive: true })
    await pipeline(
      await shaman.blobs.open(digest),
      createWriteStream(draft, { flags: 'wx', flush: true }),
    )
    await rename(draft, target)
    await syncDirectory(dirname(target))
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  } finally {
    unpin()
  }
}

async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function putIntoStore(
  farm: Farm,
  shaman: Shaman,
  file: string,
  known: OutputRecord | undefined,
): Promise<Digest | undefined> {
  const size = (await stat(file).catch(() => undefined))?.size
  if (size === undefined) return undefined
  if (known && known.size === size && (await shaman.blobs.has(known))) return undefined
  const digest = await digestOfFile(file)
  await shaman.blobs.put(digest, createReadStream(file, { highWaterMark: 1 << 20 }))
  farm.log.debug({ file, ...digest }, 'output put into the store')
  return digest
}
