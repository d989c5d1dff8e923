import type { FarmStatus, JobStatus, TaskStatus, WorkerStatus } from '@shaman-farm/manager-api'

/** Colour pair of tokens.css: `--<tone>` fills, `--<tone>-text` colours words. */
export type Tone =
  | 'queued'
  | 'active'
  | 'completed'
  | 'soft-failed'
  | 'failed'
  | 'paused'
  | 'canceled'

export type Glyph =
  | 'circle'
  | 'play'
  | 'check'
  | 'bang'
  | 'cross'
  | 'bars'
  | 'slash'
  | 'dot'
  | 'moon'
  | 'diamond'
  | 'dotted'

export interface StatusLook {
  label: string
  glyph: Glyph
  tone: Tone
  /** On its way to another status: drawn hatched, with an ellipsis. */
  passing?: true
  doc: string
}

// Each table names every status: a new one does not compile until it has a look.
export const jobLooks = {
  queued: { label: 'queued', glyph: 'circle', tone: 'queued', doc: 'Waits for a worker.' },
  active: { label: 'active', glyph: 'play', tone: 'active', doc: 'At least one task has begun.' },
  completed: { label: 'completed', glyph: 'check', tone: 'completed', doc: 'Every task is done.' },
  failed: {
    label: 'failed',
    glyph: 'cross',
    tone: 'failed',
    doc: 'Too many tasks failed; the rest was canceled.',
  },
  paused: {
    label: 'paused',
    glyph: 'bars',
    tone: 'paused',
    doc: 'Held back by a person until it is requeued.',
  },
  canceled: { label: 'canceled', glyph: 'slash', tone: 'canceled', doc: 'Stopped by a person.' },
  'pause-requested': {
    label: 'pausing',
    glyph: 'bars',
    tone: 'paused',
    passing: true,
    doc: 'Pauses once its running tasks are done.',
  },
  'cancel-requested': {
    label: 'canceling',
    glyph: 'slash',
    tone: 'canceled',
    passing: true,
    doc: 'Its workers are being told to stop.',
  },
  requeueing: {
    label: 'requeueing',
    glyph: 'circle',
    tone: 'queued',
    passing: true,
    doc: 'Its tasks are being put back in the queue.',
  },
  'under-construction': {
    label: 'under construction',
    glyph: 'circle',
    tone: 'queued',
    passing: true,
    doc: 'Its tasks are being made.',
  },
} as const satisfies Record<JobStatus, StatusLook>

export const taskLooks = {
  queued: { label: 'queued', glyph: 'circle', tone: 'queued', doc: 'Waits for a worker.' },
  active: { label: 'active', glyph: 'play', tone: 'active', doc: 'A worker runs it.' },
  completed: { label: 'completed', glyph: 'check', tone: 'completed', doc: 'Done.' },
  'soft-failed': {
    label: 'soft-failed',
    glyph: 'bang',
    tone: 'soft-failed',
    doc: 'Failed on some worker; another one will try.',
  },
  failed: { label: 'failed', glyph: 'cross', tone: 'failed', doc: 'No worker is left to try it.' },
  paused: { label: 'paused', glyph: 'bars', tone: 'paused', doc: 'Held back with its job.' },
  canceled: { label: 'canceled', glyph: 'slash', tone: 'canceled', doc: 'Stopped with its job.' },
} as const satisfies Record<TaskStatus, StatusLook>

export const workerLooks = {
  awake: { label: 'awake', glyph: 'dot', tone: 'active', doc: 'Takes tasks.' },
  asleep: { label: 'asleep', glyph: 'moon', tone: 'queued', doc: 'Takes no tasks until woken.' },
  testing: { label: 'testing', glyph: 'diamond', tone: 'active', doc: 'Runs its own checks.' },
  error: { label: 'error', glyph: 'cross', tone: 'failed', doc: 'Went silent while it had work.' },
  offline: { label: 'offline', glyph: 'dotted', tone: 'canceled', doc: 'Signed off or stopped.' },
  starting: {
    label: 'starting',
    glyph: 'dot',
    tone: 'active',
    passing: true,
    doc: 'Signed on, not ready yet.',
  },
  restart: {
    label: 'restarting',
    glyph: 'dotted',
    tone: 'canceled',
    passing: true,
    doc: 'Ends its process to be started anew.',
  },
} as const satisfies Record<WorkerStatus, StatusLook>

export const farmLooks = {
  active: { label: 'farm active', glyph: 'play', tone: 'active', doc: 'Workers are rendering.' },
  idle: { label: 'farm idle', glyph: 'dot', tone: 'completed', doc: 'Workers wait for jobs.' },
  waiting: {
    label: 'work waits, all workers asleep',
    glyph: 'bang',
    tone: 'soft-failed',
    doc: 'Jobs are queued, but no worker is awake.',
  },
  asleep: { label: 'farm asleep', glyph: 'moon', tone: 'queued', doc: 'Every worker is asleep.' },
  inoperative: {
    label: 'no worker online',
    glyph: 'dotted',
    tone: 'canceled',
    doc: 'No worker is online. Start one with the command under Workers.',
  },
  starting: {
    label: 'farm starting',
    glyph: 'dot',
    tone: 'active',
    passing: true,
    doc: 'The manager just started.',
  },
  unknown: {
    label: 'farm state unknown',
    glyph: 'dotted',
    tone: 'canceled',
    doc: 'The manager does not know.',
  },
} as const satisfies Record<FarmStatus, StatusLook>

export const looks = { job: jobLooks, task: taskLooks, worker: workerLooks, farm: farmLooks }
export type LookKind = keyof typeof looks

const unknownLook: StatusLook = {
  label: 'unknown',
  glyph: 'dotted',
  tone: 'canceled',
  doc: 'This dashboard is older than its manager: reload the page.',
}

/** The look of a status as it came over the wire, where a newer manager may know more of them. */
export function lookOf(kind: LookKind, status: string): StatusLook {
  const table: Record<string, StatusLook> = looks[kind]
  return Object.hasOwn(table, status) ? table[status]! : { ...unknownLook, label: status }
}

/** The order of status chips and progress segments: done, running, trouble, held, waiting. */
export const taskStatusOrder = [
  'completed',
  'active',
  'soft-failed',
  'failed',
  'paused',
  'canceled',
  'queued',
] as const satisfies readonly TaskStatus[]

export const jobStatusOrder = [
  'active',
  'failed',
  'queued',
  'paused',
  'completed',
  'canceled',
  'pause-requested',
  'cancel-requested',
  'requeueing',
  'under-construction',
] as const satisfies readonly JobStatus[]
