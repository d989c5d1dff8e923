import { Type } from 'typebox'
import {
  attemptOutcomes,
  failureReasons,
  frameStatuses,
  jobStatuses,
  taskStatuses,
  workerStatuses,
} from '../status.ts'
import { DateTime, Uuid } from './common.ts'
import { Job } from './jobs.ts'
import { ReusedFrom, ReuseKey } from './outputs.ts'
import { FrameReport, TaskSummary, TaskWorker } from './tasks.ts'
import { Worker, WorkerSummary } from './workers.ts'

export const SubmissionDefaults = Type.Object({
  render_output_root: Type.String(),
  jobs_location: Type.String(),
  shaman_enabled: Type.Boolean(),
})
export type SubmissionDefaults = Type.Static<typeof SubmissionDefaults>

/** How many tasks are in each status; all statuses are always there. */
export const TaskCounts = Type.Object(
  Object.fromEntries(taskStatuses.map((status) => [status, Type.Integer()])) as {
    [Status in (typeof taskStatuses)[number]]: ReturnType<typeof Type.Integer>
  },
)
export type TaskCounts = Type.Static<typeof TaskCounts>

export const JobStatusCounts = Type.Object(
  Object.fromEntries(jobStatuses.map((status) => [status, Type.Integer()])) as {
    [Status in (typeof jobStatuses)[number]]: ReturnType<typeof Type.Integer>
  },
)
export type JobStatusCounts = Type.Static<typeof JobStatusCounts>

/** Seconds until done, from the times of the frames so far: between the two, most likely. */
export const Eta = Type.Object({ low_s: Type.Integer(), high_s: Type.Integer() })
export type Eta = Type.Static<typeof Eta>

export const JobRow = Type.Object({
  id: Uuid,
  name: Type.String(),
  type: Type.String(),
  status: Type.Enum(jobStatuses),
  priority: Type.Integer(),
  activity: Type.String(),
  submitter: Type.String(),
  created: DateTime,
  updated: DateTime,
  steps_completed: Type.Integer(),
  steps_total: Type.Integer(),
  task_counts: TaskCounts,
  worker_tag: Type.Optional(Type.String()),
  delete_requested_at: Type.Optional(DateTime),
  archived: Type.Optional(DateTime),
  eta: Type.Optional(Eta),
  thumbnail: Type.Optional(
    Type.String({ description: 'host-relative URL of its newest picture, which never changes' }),
  ),
})
export type JobRow = Type.Static<typeof JobRow>

export const JobPage = Type.Object({
  jobs: Type.Array(JobRow),
  total: Type.Integer({ description: 'jobs that match, on all pages' }),
  counts: JobStatusCounts,
})
export type JobPage = Type.Static<typeof JobPage>

export const jobSorts = [
  'created',
  '-created',
  'updated',
  '-updated',
  'name',
  '-name',
  'priority',
  '-priority',
  'status',
] as const

export const JobPageQuery = Type.Object({
  status: Type.Optional(Type.String({ description: 'comma-separated statuses' })),
  q: Type.Optional(Type.String({ description: 'text in the name, submitter or metadata' })),
  type: Type.Optional(Type.String()),
  user: Type.Optional(Type.String({ description: 'whole name of the submitter' })),
  tag: Type.Optional(Type.String({ description: 'name of a worker tag' })),
  sort: Type.Optional(Type.Enum(jobSorts)),
  offset: Type.Optional(Type.Integer({ minimum: 0 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
})
export type JobPageQuery = Type.Static<typeof JobPageQuery>

/** What jobs can be filtered by, those with the most jobs first; at most 200 of each. */
export const JobFilters = Type.Object({
  users: Type.Array(Type.Object({ name: Type.String(), jobs: Type.Integer() })),
  tags: Type.Array(Type.Object({ name: Type.String(), jobs: Type.Integer() })),
})
export type JobFilters = Type.Static<typeof JobFilters>

const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' })

/** Files a worker made without the shared storage; their bytes are in the store. */
export const TaskOutputs = Type.Object({
  files: Type.Array(
    Type.Object({
      path: Type.String({ minLength: 1, maxLength: 4096 }),
      sha: Sha256,
      size: Type.Integer({ minimum: 0 }),
      frame: Type.Optional(Type.Integer()),
      key: Type.Optional(ReuseKey),
      written: Type.Optional(
        Type.Boolean({ description: 'the worker wrote it to the storage itself' }),
      ),
    }),
    { maxItems: 1000 },
  ),
})
export type TaskOutputs = Type.Static<typeof TaskOutputs>

export const JobOutputs = Type.Object({
  directory: Type.Optional(Type.String()),
  pattern: Type.Optional(Type.String({ description: 'where frames are written, # for digits' })),
  video: Type.Optional(Type.String()),
  files: Type.Array(
    Type.Object({
      frame: Type.Optional(Type.Integer()),
      path: Type.String(),
      task_id: Uuid,
      sha: Type.Optional(Sha256),
      size: Type.Optional(Type.Integer({ minimum: 0 })),
    }),
  ),
})
export type JobOutputs = Type.Static<typeof JobOutputs>

export const FarmJob = Type.Object({
  ...Job.properties,
  task_counts: TaskCounts,
  submitter: Type.String(),
  eta: Type.Optional(Eta),
  outputs: Type.Object({
    directory: Type.Optional(Type.String()),
    pattern: Type.Optional(Type.String()),
  }),
  worker_tag_name: Type.Optional(Type.String()),
  started: Type.Optional(DateTime),
  finished: Type.Optional(DateTime),
  /** When its input was given up: it cannot be run again. */
  archived: Type.Optional(DateTime),
})
export type FarmJob = Type.Static<typeof FarmJob>

export const TaskRow = Type.Object({
  ...TaskSummary.properties,
  activity: Type.String(),
  frames: Type.Optional(Type.String()),
  last_output_at: Type.Optional(DateTime),
  attempts: Type.Integer(),
  waits_for: Type.Integer({ description: 'tasks that must be completed first' }),
})
export type TaskRow = Type.Static<typeof TaskRow>

export const TaskPage = Type.Object({
  tasks: Type.Array(TaskRow),
  total: Type.Integer({ description: 'of all pages' }),
  counts: TaskCounts,
})
export type TaskPage = Type.Static<typeof TaskPage>

export const taskSorts = [
  'index',
  '-index',
  'name',
  '-name',
  'updated',
  '-updated',
  'status',
] as const

export const TaskPageQuery = Type.Object({
  status: Type.Optional(Type.String({ description: 'comma-separated statuses' })),
  sort: Type.Optional(Type.Enum(taskSorts)),
  offset: Type.Optional(Type.Integer({ minimum: 0 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
})
export type TaskPageQuery = Type.Static<typeof TaskPageQuery>

/** Frames of one status that follow one another: `from`, then `count` of them, `step` apart. */
export const FrameRun = Type.Object({
  from: Type.Integer(),
  count: Type.Integer(),
  step: Type.Integer(),
  status: Type.Enum(frameStatuses),
  task_id: Uuid,
  reused_from: Type.Optional(ReusedFrom),
})
export type FrameRun = Type.Static<typeof FrameRun>

export const JobFrames = Type.Object({
  total: Type.Integer(),
  completed: Type.Integer(),
  runs: Type.Array(FrameRun),
  thumbnails: Type.Array(
    Type.Object({
      frame: Type.Integer(),
      url: Type.String({ description: 'never changes' }),
      previous: Type.Optional(
        Type.String({ description: 'what it looked like before it was rendered again' }),
      ),
    }),
  ),
})
export type JobFrames = Type.Static<typeof JobFrames>

export const Attempt = Type.Object({
  id: Uuid,
  task_id: Uuid,
  job_id: Uuid,
  task_name: Type.String(),
  task_status: Type.Enum(taskStatuses),
  worker: TaskWorker,
  started: DateTime,
  ended: Type.Optional(DateTime),
  outcome: Type.Optional(Type.Enum(attemptOutcomes)),
  reason: Type.Optional(Type.Enum(failureReasons)),
  excerpt: Type.Optional(Type.String()),
  log_start: Type.Integer({ description: 'offset in the task log' }),
  log_end: Type.Optional(Type.Integer()),
  frames: Type.Array(FrameReport),
})
export type Attempt = Type.Static<typeof Attempt>

export const Attempts = Type.Object({ attempts: Type.Array(Attempt) })
export type Attempts = Type.Static<typeof Attempts>

/** How much was done lately; columns of equal length, the last one still filling. */
export const Throughput = Type.Object({
  from: DateTime,
  step_s: Type.Integer({ description: 'length of one step' }),
  completed: Type.Array(Type.Integer(), { description: 'attempts that completed in each step' }),
  failed: Type.Array(Type.Integer(), { description: 'and that failed or timed out' }),
})
export type Throughput = Type.Static<typeof Throughput>

/** A worker with what a table of workers shows. */
export const WorkerRow = Type.Object({
  ...WorkerSummary.properties,
  ip_address: Type.String(),
  platform: Type.String(),
  supported_task_types: Type.Array(Type.String()),
  tags: Worker.properties.tags,
  task: Worker.properties.task,
})
export type WorkerRow = Type.Static<typeof WorkerRow>
/** How many workers are in each status; all statuses are always there. */
export const WorkerCounts = Type.Object(
  Object.fromEntries(workerStatuses.map((status) => [status, Type.Integer()])) as {
    [Status in (typeof workerStatuses)[number]]: ReturnType<typeof Type.Integer>
  },
)
export type WorkerCounts = Type.Static<typeof WorkerCounts>
export const WorkerPage = Type.Object({
  workers: Type.Array(WorkerRow),
  total: Type.Integer({ description: 'of all pages' }),
  counts: WorkerCounts,
})
export type WorkerPage = Type.Static<typeof WorkerPage>

export const workerSorts = ['name', '-name', 'seen', '-seen', 'status'] as const

export const WorkerPageQuery = Type.Object({
  status: Type.Optional(Type.String({ description: 'comma-separated statuses' })),
  q: Type.Optional(Type.String({ description: 'text in the name or address' })),
  sort: Type.Optional(Type.Enum(workerSorts)),
  offset: Type.Optional(Type.Integer({ minimum: 0 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
})
export type WorkerPageQuery = Type.Static<typeof WorkerPageQuery>

export const LogMatches = Type.Object({
  matches: Type.Array(
    Type.Object({ offset: Type.Integer(), line: Type.Integer(), text: Type.String() }),
  ),
  truncated: Type.Boolean(),
})
export type LogMatches = Type.Static<typeof LogMatches>

export const Health = Type.Object({
  status: Type.Enum(['ok', 'degraded']),
  version: Type.String(),
  uptime_s: Type.Integer(),
  checks: Type.Record(Type.String(), Type.String()),
})
export type Health = Type.Static<typeof Health>
