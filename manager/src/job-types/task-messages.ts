import { LimitReached } from './failures.ts'
import type { CompilerLimits } from './limits.ts'
import type { AuthoredTask } from './messages.ts'

/**
 * How many messages of tasks may be under way. The manager handles all that has come before it turns to anything else;
 * without a bound it dealt with 4,400 tasks in one turn, for 120 ms.
 */
export const messagesUnderWay = 4

// About what a hundred common tasks are; a hundred large ones would hold the manager up for as long as they are large.
const messageBytes = 64 * 1024

/** A batch as messages of about the same size, at least one task in each. Throws LimitReached at a task too large. */
export function* inMessages(
  tasks: readonly AuthoredTask[],
  batchBytes: number,
  { maxTaskBytes }: Pick<CompilerLimits, 'maxTaskBytes'>,
): Generator<AuthoredTask[]> {
  if (batchBytes <= messageBytes) return yield [...tasks]
  let message: AuthoredTask[] = []
  let bytes = 0
  for (const task of tasks) {
    const size = JSON.stringify(task).length
    // A video may wait for every frame: how many there are has a limit of its own.
    const own = size - JSON.stringify(task.dependencies).length
    if (own > maxTaskBytes) {
      throw new LimitReached('output', `"${task.name}" is ${own} bytes of at most ${maxTaskBytes}`)
    }
    if (message.length > 0 && bytes + size > messageBytes) {
      yield message
      message = []
      bytes = 0
    }
    message.push(task)
    bytes += size
  }
  yield message
}

export interface Window {
  /** Resolves when one more may set out. */
  enter(): Promise<void>
  leave(): void
}

export function createWindow(size: number): Window {
  let free = size
  let wake = (): void => undefined
  return {
    async enter() {
      while (free === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      free -= 1
    },
    leave() {
      free += 1
      wake()
    },
  }
}
