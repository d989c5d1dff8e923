import { Type } from 'typebox'
import {
  farmStatuses,
  jobStatuses,
  lifeCycleEventTypes,
  taskStatuses,
  workerStatuses,
} from '../status.ts'
import { DateTime, Uuid } from './common.ts'
import { JobLastRenderedImageInfo } from './jobs.ts'
import { WorkerStatusChangeRequest, WorkerTag } from './workers.ts'

export const EventJobUpdate = Type.Object({
  id: Uuid,
  name: Type.Optional(Type.String()),
  updated: DateTime,
  status: Type.Enum(jobStatuses),
  previous_status: Type.Optional(Type.Enum(jobStatuses)),
  type: Type.String(),
  priority: Type.Integer(),
  refresh_tasks: Type.Boolean(),
  steps_completed: Type.Integer(),
  steps_total: Type.Integer(),
  delete_requested_at: Type.Optional(DateTime),
  was_deleted: Type.Optional(Type.Boolean()),
})
export type EventJobUpdate = Type.Static<typeof EventJobUpdate>

export const EventTaskUpdate = Type.Object({
  id: Uuid,
  job_id: Uuid,
  worker: Type.Optional(Type.Object({ name: Type.String(), uuid: Type.String() })),
  name: Type.String(),
  updated: DateTime,
  status: Type.Enum(taskStatuses),
  previous_status: Type.Optional(Type.Enum(taskStatuses)),
  activity: Type.String(),
  steps_completed: Type.Integer(),
  steps_total: Type.Integer(),
})
export type EventTaskUpdate = Type.Static<typeof EventTaskUpdate>

export const EventTaskLogUpdate = Type.Object({
  task_id: Uuid,
  log: Type.String(),
  offset: Type.Optional(Type.Integer({ description: 'where in the log this text begins' })),
})
export type EventTaskLogUpdate = Type.Static<typeof EventTaskLogUpdate>

/** Who rendered the frame. */
const WorkerName = Type.Object({ id: Uuid, name: Type.String() })

export const EventLastRenderedUpdate = Type.Object({
  job_id: Uuid,
  thumbnail: JobLastRenderedImageInfo,
  picture: Type.String({ description: 'host-relative URL of the smallest, which never changes' }),
  frame: Type.Optional(Type.Integer()),
  worker: Type.Optional(WorkerName),
})
export type EventLastRenderedUpdate = Type.Static<typeof EventLastRenderedUpdate>

export const EventWorkerUpdate = Type.Object({
  id: Uuid,
  name: Type.String(),
  updated: DateTime,
  last_seen: Type.Optional(DateTime),
  status: Type.Enum(workerStatuses),
  previous_status: Type.Optional(Type.Enum(workerStatuses)),
  status_change: Type.Optional(WorkerStatusChangeRequest),
  version: Type.String(),
  deleted_at: Type.Optional(DateTime),
  can_restart: Type.Boolean(),
})
export type EventWorkerUpdate = Type.Static<typeof EventWorkerUpdate>

export const EventWorkerTagUpdate = Type.Object({
  tag: WorkerTag,
  was_deleted: Type.Optional(Type.Boolean()),
})
export type EventWorkerTagUpdate = Type.Static<typeof EventWorkerTagUpdate>

export const EventLifeCycle = Type.Object({ type: Type.Enum(lifeCycleEventTypes) })
export type EventLifeCycle = Type.Static<typeof EventLifeCycle>

export const EventFarmStatus = Type.Object({ status: Type.Enum(farmStatuses) })
export type EventFarmStatus = Type.Static<typeof EventFarmStatus>
