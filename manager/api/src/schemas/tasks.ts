import { Type } from 'typebox'
import { failureReasons, taskStatuses } from '../status.ts'
import { DateTime, Uuid } from './common.ts'
import { ReusedFrom } from './outputs.ts'

export const TaskStatusSchema = Type.Enum(taskStatuses)

export const Command = Type.Object({
  name: Type.String(),
  parameters: Type.Record(Type.String(), Type.Unknown()),
  total_step_count: Type.Integer(),
})
export type Command = Type.Static<typeof Command>

/** All strings are empty when no worker has the task; never null. */
export const TaskWorker = Type.Object({
  id: Type.String(),
  name: Type.String(),
  address: Type.String(),
})
export type TaskWorker = Type.Static<typeof TaskWorker>

export const TaskSummary = Type.Object({
  id: Uuid,
  name: Type.String(),
  status: TaskStatusSchema,
  index_in_job: Type.Integer(),
  priority: Type.Integer(),
  task_type: Type.String(),
  updated: DateTime,
  worker: Type.Optional(TaskWorker),
  steps_completed: Type.Integer(),
  steps_total: Type.Integer(),
})
export type TaskSummary = Type.Static<typeof TaskSummary>

export const Task = Type.Object({
  id: Uuid,
  created: DateTime,
  updated: DateTime,
  job_id: Uuid,
  index_in_job: Type.Integer(),
  name: Type.String(),
  status: TaskStatusSchema,
  priority: Type.Integer(),
  task_type: Type.String(),
  activity: Type.String(),
  commands: Type.Array(Command),
  steps_completed: Type.Integer(),
  steps_total: Type.Integer(),
  worker: Type.Optional(TaskWorker),
  last_touched: Type.Optional(DateTime),
  failed_by_workers: Type.Optional(Type.Array(TaskWorker)),
  frames: Type.Optional(Type.String({ description: 'The frames this task makes, as a range' })),
  last_output_at: Type.Optional(DateTime),
})
export type Task = Type.Static<typeof Task>

export const JobTasksSummary = Type.Object({ tasks: Type.Array(TaskSummary) })
export type JobTasksSummary = Type.Static<typeof JobTasksSummary>

export const TaskStatusChange = Type.Object({ status: TaskStatusSchema, reason: Type.String() })
export type TaskStatusChange = Type.Static<typeof TaskStatusChange>

export const TaskLogInfo = Type.Object({
  task_id: Uuid,
  job_id: Uuid,
  url: Type.String(),
  size: Type.Integer(),
})
export type TaskLogInfo = Type.Static<typeof TaskLogInfo>

export const FrameReport = Type.Object({
  frame: Type.Integer(),
  status: Type.Enum(['completed', 'skipped']),
  duration_ms: Type.Optional(Type.Integer({ minimum: 0 })),
  file: Type.Optional(Type.String()),
  reused: Type.Optional(Type.Boolean({ description: 'taken from an earlier render' })),
  reused_from: Type.Optional(ReusedFrom),
})
export type FrameReport = Type.Static<typeof FrameReport>

export const FailureReport = Type.Object({
  reason: Type.Enum(failureReasons),
  excerpt: Type.String({ maxLength: 16_384 }),
})
export type FailureReport = Type.Static<typeof FailureReport>

/** Absent means unchanged. The last three fields are ours. */
export const TaskUpdate = Type.Object({
  taskStatus: Type.Optional(TaskStatusSchema),
  activity: Type.Optional(Type.String()),
  log: Type.Optional(Type.String()),
  steps_completed: Type.Optional(Type.Integer({ minimum: 0 })),
  frames: Type.Optional(Type.Array(FrameReport, { maxItems: 10_000 })),
  failure: Type.Optional(FailureReport),
  last_output_at: Type.Optional(DateTime),
})
export type TaskUpdate = Type.Static<typeof TaskUpdate>

export const AssignedTask = Type.Object({
  uuid: Uuid,
  job: Uuid,
  name: Type.String(),
  status: TaskStatusSchema,
  priority: Type.Integer(),
  job_priority: Type.Integer(),
  job_type: Type.String(),
  task_type: Type.String(),
  commands: Type.Array(Command),
  steps_completed: Type.Integer(),
  steps_total: Type.Integer(),
  checkout: Type.Optional(Type.Object({ id: Type.String() })),
  attempt: Type.Optional(Type.String()),
  frames: Type.Optional(Type.String()),
  reuse: Type.Optional(
    Type.Boolean({
      description: 'frames rendered before from the same input may be taken instead',
    }),
  ),
})
export type AssignedTask = Type.Static<typeof AssignedTask>

export const MayKeepRunning = Type.Object({
  mayKeepRunning: Type.Boolean(),
  reason: Type.String(),
  statusChangeRequested: Type.Boolean(),
})
export type MayKeepRunning = Type.Static<typeof MayKeepRunning>
