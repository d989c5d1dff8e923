import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { asClientError, isPassing } from './problems.ts'

/** How patient requests are. */
export interface RetryOptions {
  /** How often a request is sent again after the connection failed or the server was busy. Default 6. */
  retries?: number
  log?: Logger | undefined
  random?: (() => number) | undefined
  /** How to wait. */
  wait?: Wait | undefined
}

type Wait = (ms: number, signal: AbortSignal | undefined) => Promise<unknown>

/** Has something tried again for as long as what went wrong may pass. */
export type WithRetries = <T>(
  given: { retries?: number; signal?: AbortSignal | undefined },
  attempt: () => Promise<T>,
) => Promise<T>

const defaultRetries = 6
const firstDelayMs = 150
const maxDelayMs = 5000
// Of what a server asks for; a later attempt is no harm.
const longestWaitMs = 60_000

/** Creates the patience of one client towards one server. */
export function createRetries(origin: string, options: RetryOptions): WithRetries {
  const { retries = defaultRetries, random, wait, log } = options
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
        await pauseBeforeRetry(tried, given.signal, { random, wait, leastMs: problem.retryAfterMs })
      }
    }
  }
}

/** Waits, each time about twice as long; as long as the server asks for, but not for ever. */
export async function pauseBeforeRetry(
  tried: number,
  signal: AbortSignal | undefined,
  options: { leastMs?: number } & Pick<RetryOptions, 'random' | 'wait'> = {},
): Promise<void> {
  const { random = Math.random, wait = waitFor, leastMs = 0 } = options
  const delay = Math.min(maxDelayMs, firstDelayMs * 2 ** tried) * (0.5 + random())
  await wait(Math.max(delay, Math.min(leastMs, longestWaitMs)), signal)
}

function waitFor(ms: number, signal: AbortSignal | undefined): Promise<unknown> {
  return sleep(ms, undefined, signal && { signal })
}
