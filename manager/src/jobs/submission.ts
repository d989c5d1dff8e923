import { randomUUID } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { JobStatus, SubmittedJob } from '@shaman-farm/manager-api'
import type { Farm } from '../farm.ts'
import {
  type AuthoredJob,
  type AuthoredTask,
  JobTypeError,
  type JobTypes,
} from '../job-types/main.ts'
import { changeJobStatus } from '../lifecycle/job-status.ts'
import { FarmError } from '../problems.ts'
import { toVariables } from '../variables/main.ts'
import type { VariableBook } from '../variables-book.ts'
import type { JobRecord } from './jobs-store.ts'

export interface Submissions {
  submit(job: SubmittedJob): Promise<JobRecord>
  /** The same up to storing. */
  check(job: SubmittedJob): Promise<void>
}

// A turn of the loop stores tasks for so long: a job of 100,000 must not hold up the workers' requests.
const turnMs = 12
const tasksPerLook = 50

export function createSubmissions(
  farm: Farm,
  jobTypes: JobTypes,
  variables: VariableBook,
): Submissions {
  const compile = async (submitted: SubmittedJob, jobId: string, created: number) => {
    checkInitialStatus(submitted.initial_status)
    const tag = findTag(farm, submitted.worker_tag)
    const stored = withVariables(submitted, variables)
    const authored = await jobTypes
      .compile(stored, { jobId, created: new Date(created) })
      .catch(asBadRequest)
    return { authored, tag }
  }
  return {
    async check(submitted) {
      await compile(submitted, randomUUID(), farm.now())
    },
    async submit(submitted) {
      const uuid = randomUUID()
      const created = farm.now()
      const { authored, tag } = await compile(submitted, uuid, created)
      return storeJob(farm, submitted, authored, { uuid, created, tag })
    },
  }
}

/** Stores a compiled job, in many small transactions; it can be seen, but nobody gets its tasks, until all is there. */
export async function storeJob(
  farm: Farm,
  submitted: SubmittedJob,
  authored: AuthoredJob,
  facts: { uuid: string; created: number; tag: number | null },
): Promise<JobRecord> {
  const id = insertJob(farm, submitted, authored, facts)
  try {
    await insertTasks(farm, id, authored.tasks, facts.created)
  } catch (error) {
    farm.transaction(() => farm.jobs.remove(id))
    throw error
  }
  return start(farm, id, submitted)
}

/** Jobs whose submission a crash cut off; nobody was told that they are stored. */
export function dropUnfinishedSubmissions(farm: Farm): void {
  for (const job of farm.jobs.byStatus('under-construction')) {
    farm.transaction(() => farm.jobs.remove(job.id))
    farm.log.warn({ job: job.uuid, name: job.name }, 'unfinished submission dropped')
  }
}

/** To a submission, an unknown job type is a fault in the request, not a missing page. */
function asBadRequest(cause: unknown): never {
  if (!(cause instanceof JobTypeError) || cause.code !== 'JOB_TYPE_UNKNOWN') throw cause
  throw new FarmError('BAD_REQUEST', cause.message, {
    cause,
    ...(cause.hint ? { hint: cause.hint } : {}),
  })
}

function checkInitialStatus(status: JobStatus | undefined): void {
  if (status === undefined || status === 'queued' || status === 'paused') return
  throw new FarmError('BAD_REQUEST', `A job cannot begin as ${status}`, {
    hint: 'Submit it as queued or paused.',
  })
}

function findTag(farm: Farm, uuid: string | undefined): number | null {
  if (!uuid) return null
  const tag = farm.tags.byUuid(uuid)
  if (tag) return tag.id
  throw new FarmError('BAD_REQUEST', `There is no worker tag ${uuid}`, {
    hint: 'Refresh the list of tags and choose again.',
  })
}

/** Paths as this submitter's machine has them, turned into variables that every machine can fill in. */
function withVariables(job: SubmittedJob, book: VariableBook): SubmittedJob {
  const platform =
    job.submitter_platform === 'manager' ? book.managerPlatform : job.submitter_platform
  const context = { variables: book.variables(), platform }
  const replaced = <T>(values: Record<string, T>): Record<string, T> =>
    Object.fromEntries(
      Object.entries(values).map(([key, value]) => [key, toVariables(value, context) as T]),
    )
  return {
    ...job,
    submitter_platform: platform,
    settings: replaced(job.settings ?? {}),
    metadata: replaced(job.metadata ?? {}),
  }
}

function insertJob(
  farm: Farm,
  submitted: SubmittedJob,
  authored: AuthoredJob,
  { uuid, created, tag }: { uuid: string; created: number; tag: number | null },
): number {
  return farm.transaction(() =>
    farm.jobs.insert({
      uuid,
      name: submitted.name,
      job_type: submitted.type,
      priority: submitted.priority,
      settings: JSON.stringify(authored.settings),
      metadata: JSON.stringify(authored.metadata),
      shaman_checkout_id: submitted.storage?.shaman_checkout_id ?? '',
      worker_tag_id: tag,
      created_at: created,
    }),
  )
}

async function insertTasks(
  farm: Farm,
  job: number,
  tasks: readonly AuthoredTask[],
  now: number,
): Promise<void> {
  const ids = new Map<string, number>()
  await inTurns(farm, tasks, (task, index) => {
    ids.set(task.uuid, insertTask(farm, job, task, index + 1, now))
  })
  const dependent = tasks.filter((task) => task.dependencies.length > 0)
  const pairs = dependent.flatMap((task) =>
    [...new Set(task.dependencies)].map((dependency) => [task.uuid, dependency] as const),
  )
  await inTurns(farm, pairs, ([task, dependency]) => {
    farm.tasks.insertDependency(ids.get(task)!, ids.get(dependency)!)
  })
}

async function inTurns<T>(
  farm: Farm,
  items: readonly T[],
  work: (item: T, index: number) => void,
): Promise<void> {
  for (let at = 0; at < items.length; ) {
    if (at > 0) await nextTurn()
    const end = performance.now() + turnMs
    farm.transaction(() => {
      while (at < items.length && performance.now() < end) {
        const some = items.slice(at, at + tasksPerLook)
        for (const [i, item] of some.entries()) work(item, at + i)
        at += some.length
      }
    })
  }
}

function insertTask(
  farm: Farm,
  job: number,
  task: AuthoredTask,
  index: number,
  now: number,
): number {
  const steps = task.commands.map((command) => Math.max(1, command.total_step_count))
  return farm.tasks.insert({
    uuid: task.uuid,
    job_id: job,
    index_in_job: index,
    name: task.name,
    type: task.type.toLowerCase(),
    priority: task.priority,
    commands: JSON.stringify(task.commands),
    steps_total: steps.reduce((sum, count) => sum + count, 0),
    frames: task.frames ?? '',
    waits_for: new Set(task.dependencies).size,
    now,
  })
}

function start(farm: Farm, id: number, submitted: SubmittedJob): JobRecord {
  return farm.transaction(() => {
    farm.jobs.recount(id)
    const isPaused = submitted.initial_status === 'paused'
    changeJobStatus(farm, id, isPaused ? 'pause-requested' : 'queued', 'submitted')
    const job = farm.jobs.byUuid(farm.jobs.byId(id).uuid)!
    farm.log.info({ job: job.uuid, name: job.name, type: job.job_type }, 'job submitted')
    return job
  })
}
