import { randomUUID } from 'node:crypto'
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
import { removeTasks } from './remove-job.ts'
import { createTaskWriter, type TaskWriter } from './task-writer.ts'

/** What a job's script makes of it besides its tasks. */
type JobValues = Pick<AuthoredJob, 'settings' | 'metadata'>

export interface Submissions {
  submit(job: SubmittedJob): Promise<JobRecord>
  /** The same up to storing. */
  check(job: SubmittedJob): Promise<void>
}

export function createSubmissions(
  farm: Farm,
  jobTypes: JobTypes,
  variables: VariableBook,
): Submissions {
  const prepare = (submitted: SubmittedJob) => {
    checkInitialStatus(submitted.initial_status)
    const tag = findTag(farm, submitted.worker_tag)
    return { tag, stored: withVariables(submitted, variables) }
  }
  return {
    async check(submitted) {
      const { stored } = prepare(submitted)
      const options = { jobId: randomUUID(), created: new Date(farm.now()), take: () => undefined }
      await jobTypes.compile(stored, options).catch(asBadRequest)
    },
    async submit(submitted) {
      const { stored, tag } = prepare(submitted)
      const uuid = randomUUID()
      const created = farm.now()
      const job = await storeJob(farm, submitted, { uuid, created, tag }, (take) =>
        jobTypes
          .compile(stored, { jobId: uuid, created: new Date(created), take })
          .catch(asBadRequest),
      )
      await farm.durable()
      return job
    },
  }
}

/**
 * Stores a job while it is being compiled, in many small transactions; it can be seen, but nobody gets its tasks, until
 * all is there. When compiling fails, nothing stays.
 *
 * @param compile hands over the tasks, batch by batch, and then tells the rest
 */
export async function storeJob(
  farm: Farm,
  submitted: SubmittedJob,
  facts: { uuid: string; created: number; tag: number | null },
  compile: (take: (tasks: readonly AuthoredTask[]) => void) => Promise<JobValues>,
): Promise<JobRecord> {
  const status = submitted.initial_status === 'paused' ? 'paused' : 'queued'
  let begun: { id: number; writer: TaskWriter } | undefined
  const begin = () => {
    const id = insertJob(farm, submitted, facts)
    return { id, writer: createTaskWriter(farm, { job: id, status, now: facts.created }) }
  }
  try {
    const values = await compile((tasks) => {
      begun ??= begin()
      begun.writer.add(tasks)
    })
    begun ??= begin()
    const totals = await begun.writer.finish()
    return start(farm, begun.id, status, { ...values, ...totals })
  } catch (error) {
    if (begun) await drop(farm, begun.id)
    throw error
  }
}

async function drop(farm: Farm, id: number): Promise<void> {
  await removeTasks(farm, id)
  farm.transaction(() => farm.jobs.remove(id))
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
  { uuid, created, tag }: { uuid: string; created: number; tag: number | null },
): number {
  return farm.transaction(() =>
    farm.jobs.insert({
      uuid,
      name: submitted.name,
      job_type: submitted.type,
      priority: submitted.priority,
      settings: '{}',
      metadata: '{}',
      shaman_checkout_id: submitted.storage?.shaman_checkout_id ?? '',
      worker_tag_id: tag,
      created_at: created,
    }),
  )
}

function start(
  farm: Farm,
  id: number,
  status: 'queued' | 'paused',
  { settings, metadata, tasks, steps }: JobValues & { tasks: number; steps: number },
): JobRecord {
  return farm.transaction(() => {
    farm.jobs.complete(id, {
      settings: JSON.stringify(settings),
      metadata: JSON.stringify(metadata),
      queued: status === 'queued' ? tasks : 0,
      paused: status === 'paused' ? tasks : 0,
      steps,
    })
    changeJobStatus(farm, id, status, 'submitted')
    const job = farm.jobs.byUuid(farm.jobs.byId(id).uuid)!
    farm.log.info({ job: job.uuid, name: job.name, type: job.job_type }, 'job submitted')
    return job
  })
}
