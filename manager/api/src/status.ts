export const jobStatuses = [
  'active',
  'canceled',
  'completed',
  'failed',
  'paused',
  'pause-requested',
  'queued',
  'cancel-requested',
  'requeueing',
  'under-construction',
] as const
export type JobStatus = (typeof jobStatuses)[number]

export const taskStatuses = [
  'active',
  'canceled',
  'completed',
  'failed',
  'queued',
  'soft-failed',
  'paused',
] as const
export type TaskStatus = (typeof taskStatuses)[number]

export const workerStatuses = [
  'starting',
  'awake',
  'asleep',
  'error',
  'testing',
  'offline',
  'restart',
] as const
export type WorkerStatus = (typeof workerStatuses)[number]

export const farmStatuses = [
  'active',
  'idle',
  'waiting',
  'asleep',
  'inoperative',
  'unknown',
  'starting',
] as const
export type FarmStatus = (typeof farmStatuses)[number]

export const lifeCycleEventTypes = ['manager-startup', 'manager-shutdown'] as const
export type LifeCycleEventType = (typeof lifeCycleEventTypes)[number]

export const variableAudiences = ['workers', 'users'] as const
export type VariableAudience = (typeof variableAudiences)[number]

export const blenderPathSources = [
  'file_association',
  'path_envvar',
  'system_location',
  'input_path',
  'default',
] as const
export type BlenderPathSource = (typeof blenderPathSources)[number]

export const settingTypes = ['string', 'int32', 'float', 'bool'] as const
export const settingSubtypes = ['file_path', 'dir_path', 'file_name', 'hashed_file_path'] as const
export const settingVisibilities = ['visible', 'hidden', 'submission', 'web'] as const

/** How a run of a task ended. */
export const attemptOutcomes = [
  'completed',
  'failed',
  'canceled',
  'requeued',
  'timed-out',
  'worker-lost',
] as const
export type AttemptOutcome = (typeof attemptOutcomes)[number]

/** Why a run of a task failed, as far as the worker could tell. */
export const failureReasons = [
  'missing-file',
  'out-of-memory',
  'gpu',
  'python-error',
  'crash',
  'timeout',
  'canceled',
  'output',
  'other',
] as const
export type FailureReason = (typeof failureReasons)[number]

export const frameStatuses = [
  'waiting',
  'queued',
  'active',
  'completed',
  'skipped',
  'failed',
  'soft-failed',
  'canceled',
  'paused',
] as const
export type FrameStatus = (typeof frameStatuses)[number]

/** Statuses in which nothing more happens to a job unless somebody asks. */
export const finishedJobStatuses = ['canceled', 'completed', 'failed', 'paused'] as const

/** Jobs whose tasks may be handed out. */
export const schedulableJobStatuses = ['active', 'queued'] as const

/** What a person may ask of a job in each status; a request outside this table changes nothing. */
export const jobActions = {
  cancel: ['active', 'failed', 'paused', 'pause-requested', 'queued'],
  pause: ['active', 'canceled', 'queued'],
  requeue: ['canceled', 'completed', 'failed', 'paused'],
  archive: ['canceled', 'completed', 'failed'],
  delete: ['canceled', 'completed', 'failed', 'paused', 'queued'],
} as const satisfies Record<string, readonly JobStatus[]>
export type JobAction = keyof typeof jobActions

/** What a person may ask of a task in each status. */
export const taskActions = {
  cancel: ['active', 'queued', 'soft-failed'],
  requeue: ['canceled', 'completed', 'failed'],
} as const satisfies Record<string, readonly TaskStatus[]>
export type TaskAction = keyof typeof taskActions

export function canDoToJob(action: JobAction, status: JobStatus): boolean {
  return (jobActions[action] as readonly JobStatus[]).includes(status)
}

export function canDoToTask(action: TaskAction, status: TaskStatus): boolean {
  return (taskActions[action] as readonly TaskStatus[]).includes(status)
}

/** The tasks' and jobs' moves that can follow from one another; the manager keeps to these tables. */
export const jobTransitions: Readonly<Record<JobStatus, readonly JobStatus[]>> = {
  'under-construction': ['queued', 'paused', 'canceled', 'requeueing'],
  queued: [
    'active',
    'completed',
    'failed',
    'canceled',
    'cancel-requested',
    'pause-requested',
    'requeueing',
  ],
  active: [
    'queued',
    'completed',
    'failed',
    'canceled',
    'cancel-requested',
    'pause-requested',
    'requeueing',
  ],
  'pause-requested': [
    'paused',
    'completed',
    'failed',
    'canceled',
    'cancel-requested',
    'requeueing',
  ],
  'cancel-requested': ['canceled', 'requeueing'],
  requeueing: ['queued', 'cancel-requested', 'pause-requested'],
  paused: ['requeueing', 'cancel-requested', 'completed', 'canceled', 'failed'],
  canceled: ['requeueing', 'pause-requested', 'cancel-requested'],
  failed: ['requeueing', 'cancel-requested', 'pause-requested'],
  completed: ['requeueing', 'cancel-requested', 'pause-requested'],
}
