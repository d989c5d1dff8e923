import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { asClientError, isPassing } from './problems.ts'

/** How patient requests are. */
export interface RetryOptions {
  /** How often a request is sent again after the connection failed or the server was busy. Default 6. */
  retries?: number
  log?: Logger | undefined
  random?: (() => number) | undefined
}

/** Has something tried again for as long as what went wrong may pass. */
export type WithRetries = <T>(
  given: { retries?: number; signal?: AbortSignal | undefined },
  attempt: () => Promise<T>,
) => Promise<T>

const defaultRetries = 6
const firstDelayMs = 150
const maxDelayMs = 5000

/** Creates the patience of one client towards one server. */
export function createRetries(origin: string, options: RetryOptions): WithRetries {
  const { retries = defaultRetries, random, log } = options
  return async (given, attempt) => {
    const most = given.retries ?? retries
    for (let tried = 0; ; tried += 1) {
      try {
        return await attempt()
      } catch (error) {
        given.signal?.throwIfAborted()
        const problem = asClientError(error, origin)
        if (tried >= most || !isPassing(problem)) throw problem
        log?.debug({ err: problem, tried }, 'request sent again')
        await pauseBeforeRetry(tried, given.signal, random)
      }
    }
  }
}

/** Waits, each time about twice as long. */
export async function pauseBeforeRetry(
  tried: number,
  signal: AbortSignal | undefined,
  random = Math.random,
): Promise<void> {
  const delay = Math.min(maxDelayMs, firstDelayMs * 2 ** tried) * (0.5 + random())
  await sleep(delay, undefined, signal && { signal })
}
