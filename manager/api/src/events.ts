import type {
  EventFarmStatus,
  EventJobUpdate,
  EventLastRenderedUpdate,
  EventLifeCycle,
  EventTaskLogUpdate,
  EventTaskUpdate,
  EventWorkerTagUpdate,
  EventWorkerUpdate,
} from './schemas/events.ts'

/** The server-sent stream's event names, with what their data holds. */
export interface FarmEvents {
  job: EventJobUpdate
  task: EventTaskUpdate
  tasklog: EventTaskLogUpdate
  worker: EventWorkerUpdate
  tag: EventWorkerTagUpdate
  status: EventFarmStatus
  'last-rendered': EventLastRenderedUpdate
  lifecycle: EventLifeCycle
  /** The stream cannot tell what was missed: fetch again what is shown. */
  reset: { reason: string }
}
export type FarmEventKind = keyof FarmEvents

export type FarmEvent = {
  [Kind in FarmEventKind]: { kind: Kind; data: FarmEvents[Kind] }
}[FarmEventKind]

/**
 * What a client may ask of the stream. `jobs` are all jobs, `job:ID` one job with its tasks and images, `tasklog:ID`
 * one task's log; life cycle and farm status always come.
 */
export type EventTopic =
  | 'jobs'
  | `job:${string}`
  | `tasklog:${string}`
  | 'workers'
  | 'tags'
  | 'status'
  | 'last-rendered'
  | 'storage'

export const farmEventKinds: readonly FarmEventKind[] = [
  'job',
  'task',
  'tasklog',
  'worker',
  'tag',
  'status',
  'last-rendered',
  'lifecycle',
  'reset',
]
