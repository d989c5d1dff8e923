import { Type } from 'typebox'
import { workerStatuses } from '../status.ts'
import { DateTime, Uuid } from './common.ts'
import { TaskSummary } from './tasks.ts'

export const WorkerStatusSchema = Type.Enum(workerStatuses)

export const WorkerRegistration = Type.Object({
  secret: Type.String({ minLength: 1, maxLength: 512 }),
  platform: Type.String(),
  supported_task_types: Type.Array(Type.String()),
  name: Type.String({ maxLength: 512 }),
})
export type WorkerRegistration = Type.Static<typeof WorkerRegistration>

/** `status` and `software` are empty strings here, as in Flamenco. */
export const RegisteredWorker = Type.Object({
  uuid: Uuid,
  name: Type.String(),
  address: Type.String(),
  status: Type.String(),
  platform: Type.String(),
  software: Type.String(),
  supported_task_types: Type.Array(Type.String()),
})
export type RegisteredWorker = Type.Static<typeof RegisteredWorker>

export const WorkerSignOn = Type.Object({
  name: Type.String({ maxLength: 512 }),
  supported_task_types: Type.Array(Type.String()),
  software_version: Type.String(),
  can_restart: Type.Optional(Type.Boolean()),
})
export type WorkerSignOn = Type.Static<typeof WorkerSignOn>

export const WorkerStateChange = Type.Object({ status_requested: WorkerStatusSchema })
export type WorkerStateChange = Type.Static<typeof WorkerStateChange>

export const WorkerStateChanged = Type.Object({ status: WorkerStatusSchema })
export type WorkerStateChanged = Type.Static<typeof WorkerStateChanged>

export const WorkerStatusChangeRequest = Type.Object({
  status: WorkerStatusSchema,
  is_lazy: Type.Boolean(),
})
export type WorkerStatusChangeRequest = Type.Static<typeof WorkerStatusChangeRequest>

export const WorkerTag = Type.Object({
  id: Type.Optional(Uuid),
  name: Type.String({ minLength: 1, maxLength: 256 }),
  description: Type.Optional(Type.String()),
})
export type WorkerTag = Type.Static<typeof WorkerTag>

export const WorkerTagList = Type.Object({ tags: Type.Array(WorkerTag) })
export type WorkerTagList = Type.Static<typeof WorkerTagList>

export const WorkerTagChangeRequest = Type.Object({ tag_ids: Type.Array(Type.String()) })
export type WorkerTagChangeRequest = Type.Static<typeof WorkerTagChangeRequest>

export const WorkerSummary = Type.Object({
  id: Uuid,
  name: Type.String(),
  status: WorkerStatusSchema,
  status_change: Type.Optional(WorkerStatusChangeRequest),
  last_seen: Type.Optional(DateTime),
  version: Type.String(),
  can_restart: Type.Boolean(),
})
export type WorkerSummary = Type.Static<typeof WorkerSummary>

export const WorkerList = Type.Object({ workers: Type.Array(WorkerSummary) })
export type WorkerList = Type.Static<typeof WorkerList>

export const WorkerTask = Type.Object({ ...TaskSummary.properties, job_id: Uuid })
export type WorkerTask = Type.Static<typeof WorkerTask>

export const Worker = Type.Object({
  ...WorkerSummary.properties,
  ip_address: Type.String(),
  platform: Type.String(),
  supported_task_types: Type.Array(Type.String()),
  task: Type.Optional(WorkerTask),
  tags: Type.Array(WorkerTag),
})
export type Worker = Type.Static<typeof Worker>

/** `windows` and `time_zone` are ours: several windows a day, in the worker's own zone. */
export const WorkerSleepSchedule = Type.Object({
  is_active: Type.Boolean(),
  days_of_week: Type.String(),
  start_time: Type.String(),
  end_time: Type.String(),
  windows: Type.Optional(
    Type.Array(
      Type.Object({
        days_of_week: Type.String(),
        start_time: Type.String(),
        end_time: Type.String(),
      }),
      { maxItems: 32 },
    ),
  ),
  time_zone: Type.Optional(Type.String()),
})
export type WorkerSleepSchedule = Type.Static<typeof WorkerSleepSchedule>
