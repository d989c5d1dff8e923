import type { Logger } from 'pino'
import type { Look } from './doctor/self-check.ts'
import type { BlobCache } from './mount-free/blob-cache.ts'
import type { StorageMode } from './mount-free/storage.ts'
import type { Presence } from './presence/presence.ts'
import type { ProcessLimits } from './process/run.ts'

export interface WorkerOptions {
  managerUrl: string
  /** Enrols the worker where the farm asks for a token. */
  token?: string | undefined
  home: string
  name: string
  taskTypes: readonly string[]
  log: Logger
  limits?: ProcessLimits
  /** Added to the environment of every command. */
  env?: Readonly<Record<string, string>>
  /** Whether somebody starts the worker again after it ended with `restart`. */
  canRestart?: boolean
  /** Whether the farm's storage is used as mounted, or files are pulled; `auto` finds out for each task. */
  storageMode?: StorageMode
  cache?: BlobCache
  cacheBytes?: number
  /** Whether somebody uses the machine, to yield to; without it the worker yields to nobody. */
  presence?: Presence
  /** Looks the machine over, for reports to the manager; without it there are none. */
  look?: Look
  /** End when there is nothing to do. */
  once?: boolean
  /** Only deliver what an outage kept here, and end. */
  flush?: boolean
  timing?: Partial<WorkerTiming>
}

export interface WorkerTiming {
  /** How long a request may hang at a manager that can hold it. */
  waitSeconds: number
  /** Between two questions for a task, to a manager that cannot hold them. */
  idleMs: number
  /** Between two questions while asleep, likewise. */
  asleepMs: number
  mayIRunMs: number
  retryMinMs: number
  retryMaxMs: number
  flushOnStopMs: number
}

export const defaultTiming: WorkerTiming = {
  waitSeconds: 30,
  idleMs: 20_000,
  asleepMs: 3_000,
  mayIRunMs: 10_000,
  retryMinMs: 250,
  retryMaxMs: 15_000,
  flushOnStopMs: 5_000,
}

export function retryOf(timing: WorkerTiming): { minMs: number; maxMs: number } {
  return { minMs: timing.retryMinMs, maxMs: timing.retryMaxMs }
}
