import type { AssignedTask } from '@shaman-farm/manager-api'
import type { Logger } from 'pino'

export interface PrepareOptions {
  signal: AbortSignal
  log: Logger
  /** A line for the task's log. */
  tell: (line: string) => void
}

/** How one task gets at its files. */
export interface TaskStorage {
  kind: 'mounted' | 'pulled'
  /** Why it is that kind; shown in the task's log. */
  reason: string
  commands: AssignedTask['commands']
  /** The farm's name of a file. */
  toFarm(file: string): string
  /** The task has written a file. */
  produced(file: string, frame?: number): void
  /** A frame was here before the task ran. */
  found(file: string, frame?: number): void
  /** Resolves when the farm has all that the task made. */
  delivered(): Promise<void>
  release(): void
}

/** The farm's storage is seen from here: paths are what they are. */
export function mountedStorage(task: AssignedTask, reason: string): TaskStorage {
  return {
    kind: 'mounted',
    reason,
    commands: task.commands,
    toFarm: (file) => file,
    produced() {},
    found() {},
    async delivered() {},
    release() {},
  }
}
