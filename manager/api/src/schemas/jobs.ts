import { Type } from 'typebox'
import { jobStatuses } from '../status.ts'
import { DateTime, Uuid } from './common.ts'

export const JobStatusSchema = Type.Enum(jobStatuses)

export const JobSettings = Type.Record(Type.String(), Type.Unknown())
export const JobMetadata = Type.Record(Type.String(), Type.String())
export const JobStorageInfo = Type.Object({ shaman_checkout_id: Type.Optional(Type.String()) })

const Priority = Type.Integer({ default: 50 })

export const SubmittedJob = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 1024 }),
  type: Type.String(),
  type_etag: Type.Optional(Type.String()),
  priority: Priority,
  settings: Type.Optional(JobSettings),
  metadata: Type.Optional(JobMetadata),
  submitter_platform: Type.String(),
  storage: Type.Optional(JobStorageInfo),
  worker_tag: Type.Optional(Type.String()),
  initial_status: Type.Optional(JobStatusSchema),
})
export type SubmittedJob = Type.Static<typeof SubmittedJob>

export const Job = Type.Object({
  id: Uuid,
  name: Type.String(),
  type: Type.String(),
  priority: Priority,
  settings: Type.Optional(JobSettings),
  metadata: Type.Optional(JobMetadata),
  submitter_platform: Type.String(),
  storage: Type.Optional(JobStorageInfo),
  worker_tag: Type.Optional(Type.String()),
  created: DateTime,
  updated: DateTime,
  status: JobStatusSchema,
  activity: Type.String(),
  steps_completed: Type.Integer(),
  steps_total: Type.Integer(),
  delete_requested_at: Type.Optional(DateTime),
})
export type Job = Type.Static<typeof Job>

export const JobsQueryResult = Type.Object({ jobs: Type.Array(Job) })
export type JobsQueryResult = Type.Static<typeof JobsQueryResult>

/** The byte counts are ours; they are there when the job's input lies in Shaman. */
export const JobDeletionInfo = Type.Object({
  shaman_checkout: Type.Boolean(),
  exclusive_bytes: Type.Optional(Type.Integer()),
  shared_bytes: Type.Optional(Type.Integer()),
})
export type JobDeletionInfo = Type.Static<typeof JobDeletionInfo>

export const JobMassDeletionSelection = Type.Object({ last_updated_max: Type.Optional(DateTime) })
export const JobStatusChange = Type.Object({ status: JobStatusSchema, reason: Type.String() })
export type JobStatusChange = Type.Static<typeof JobStatusChange>
export const JobPriorityChange = Type.Object({
  priority: Type.Integer({ minimum: 0, maximum: 100 }),
})
export const JobTagChange = Type.Object({
  id: Type.Optional(Type.String()),
  name: Type.Optional(Type.String()),
})

export const JobBlocklistEntry = Type.Object({
  worker_id: Uuid,
  task_type: Type.String(),
  worker_name: Type.Optional(Type.String()),
})
export const JobBlocklist = Type.Array(JobBlocklistEntry)
export type JobBlocklist = Type.Static<typeof JobBlocklist>

export const JobLastRenderedImageInfo = Type.Object({
  base: Type.String(),
  suffixes: Type.Array(Type.String()),
})
export type JobLastRenderedImageInfo = Type.Static<typeof JobLastRenderedImageInfo>
