import { setTimeout as sleep } from 'node:timers/promises'
import { isCode } from './errors.ts'

/**
 * Windows, and shares served by it, refuse to rename what another program has open: a virus scanner for a moment, for each new
 * file. Tried again for five seconds, each time after twice as long.
 */
export const mostTries = 8
const firstPauseMs = 10

/** Whether a call was refused because something else has the file open. */
export function isHeldOpen(error: unknown): boolean {
  if (isCode(error, 'EPERM', 'EBUSY')) return true
  return process.platform === 'win32' && isCode(error, 'EACCES')
}

/** How long to wait after so many tries; never the same for two. */
export function pauseAfter(tries: number, random = Math.random): number {
  return firstPauseMs * 2 ** tries * (0.75 + random() / 2)
}

/** Calls an action, again while what it works on is held open. */
export async function patiently<T>(action: () => T): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return action()
    } catch (error) {
      if (!isHeldOpen(error) || tries > mostTries) throw error
      await sleep(pauseAfter(tries))
    }
  }
}
