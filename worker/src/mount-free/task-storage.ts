import type { AssignedTask } from '@shaman-farm/manager-api'
import type { Logger } from 'pino'
import type { RunProgram } from '../process/run-program.ts'
import type { ReusedFrame } from '../reuse/reuse.ts'
import type { OutputSender } from './output-sender.ts'

export interface PrepareOptions {
  signal: AbortSignal
  log: Logger
  /** A line for the task's log. */
  tell: (line: string) => void
  /** Runs a program of the task's for what it says. */
  run: RunProgram
}

/** A frame that the task made, and that others may take instead of rendering it. */
export interface OfferedFrame {
  file: string
  frame: number
  key: string
}

/** How one task gets at its files. */
export interface TaskStorage {
  kind: 'mounted' | 'pulled'
  /** Why it is that kind; shown in the task's log. */
  reason: string
  /** What is to be done here, with the paths of this machine. */
  commands: AssignedTask['commands']
  /** Frames that were rendered before and are here now; the commands leave them out. */
  taken: readonly ReusedFrame[]
  /** Under which a frame made here may be taken by others; undefined when it may not. */
  keyOf(frame: number): string | undefined
  /** The farm's name of a file. */
  toFarm(file: string): string
  /** The task has written a file. */
  produced(file: string, frame?: number): void
  /** A frame was here before the task ran. */
  found(file: string, frame?: number): void
  /** Resolves when the farm has all that the task made, and knows what others may take. */
  delivered(offers: readonly OfferedFrame[]): Promise<void>
  release(): void
}

/** The farm's storage is seen from here: paths are what they are. */
export function mountedStorage(
  task: AssignedTask,
  reason: string,
  { sender, log }: { sender?: OutputSender; log?: Logger } = {},
): TaskStorage {
  return {
    kind: 'mounted',
    reason,
    commands: task.commands,
    taken: [],
    keyOf: () => undefined,
    toFarm: (file) => file,
    produced() {},
    found() {},
    async delivered(offers) {
      for (const { file, ...offer } of offers) {
        sender?.send({ local: file, farm: file, isWritten: true, ...offer })
      }
      // The frames are there; that others cannot take them is no reason to fail.
      await sender?.settled().catch((error: unknown) => log?.warn({ err: error }, 'not offered'))
    },
    release() {},
  }
}
