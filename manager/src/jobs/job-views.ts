import type { FarmJob, Job, JobRow, TaskCounts } from '@shaman-farm/manager-api'
import { dateTime, optionalTime } from '../db/times.ts'
import type { Farm } from '../farm.ts'
import { type JobRecord, tallyOf } from './jobs-store.ts'

export function jobView(farm: Farm, job: JobRecord): Job {
  const tag = job.worker_tag_id === null ? undefined : farm.tags.byId(job.worker_tag_id)
  return {
    id: job.uuid,
    name: job.name,
    type: job.job_type,
    priority: job.priority,
    settings: JSON.parse(job.settings) as Record<string, unknown>,
    metadata: JSON.parse(job.metadata) as Record<string, string>,
    submitter_platform: '',
    ...(job.shaman_checkout_id ? { storage: { shaman_checkout_id: job.shaman_checkout_id } } : {}),
    ...(tag ? { worker_tag: tag.uuid } : {}),
    created: dateTime(job.created_at),
    updated: dateTime(job.updated_at),
    status: job.status,
    activity: job.activity,
    steps_completed: job.steps_completed,
    steps_total: job.steps_total,
    ...optionalTime('delete_requested_at', job.delete_requested_at),
  }
}

export function taskCounts(job: JobRecord): TaskCounts {
  return { ...tallyOf(job) }
}

/** Names by which clients say in the metadata who sent a job. */
const submitterKeys = ['user.name', 'submitter', 'user'] as const

export function submitterOf(metadata: string): string {
  const known = JSON.parse(metadata) as Record<string, string>
  return submitterKeys.map((key) => known[key]).find((name) => name !== undefined) ?? ''
}

/** `submitterOf` a row of `jobs`, for queries. */
export const submitterSql = `coalesce(${submitterKeys
  .map((key) => `json_extract(metadata, '$."${key}"')`)
  .join(', ')}, '')`

export function jobRow(
  farm: Farm,
  job: JobRecord,
  more: Pick<JobRow, 'eta' | 'thumbnail'>,
): JobRow {
  const tag = job.worker_tag_id === null ? undefined : farm.tags.byId(job.worker_tag_id)
  return {
    id: job.uuid,
    name: job.name,
    type: job.job_type,
    status: job.status,
    priority: job.priority,
    activity: job.activity,
    submitter: submitterOf(job.metadata),
    created: dateTime(job.created_at),
    updated: dateTime(job.updated_at),
    steps_completed: job.steps_completed,
    steps_total: job.steps_total,
    task_counts: taskCounts(job),
    ...(tag ? { worker_tag: tag.name } : {}),
    ...optionalTime('delete_requested_at', job.delete_requested_at),
    ...optionalTime('archived', job.archived_at),
    ...more,
  }
}

export function farmJobView(farm: Farm, job: JobRecord, more: Pick<FarmJob, 'eta'>): FarmJob {
  const tag = job.worker_tag_id === null ? undefined : farm.tags.byId(job.worker_tag_id)
  return {
    ...jobView(farm, job),
    task_counts: taskCounts(job),
    submitter: submitterOf(job.metadata),
    outputs: outputsOf(job),
    ...(tag ? { worker_tag_name: tag.name } : {}),
    ...optionalTime('started', job.started_at),
    ...optionalTime('finished', job.finished_at),
    ...optionalTime('archived', job.archived_at),
    ...more,
  }
}

/** Where a job writes, as far as its settings tell in the way render jobs do. */
export function outputsOf(job: JobRecord): { directory?: string; pattern?: string } {
  const { render_output_path: pattern } = JSON.parse(job.settings) as Record<string, unknown>
  if (typeof pattern !== 'string' || pattern === '') return {}
  const directory = pattern.replace(/[\\/][^\\/]*$/, '')
  return { pattern, ...(directory === pattern ? {} : { directory }) }
}
