import { setTimeout as delay } from 'node:timers/promises'

export interface Backoff {
  /** Waits, each time about twice as long; resolves early (never rejects) when the signal fires. */
  wait(signal: AbortSignal): Promise<void>
  reset(): void
}

export interface BackoffOptions {
  minMs: number
  maxMs: number
  random?: () => number
}

/** Jitter keeps a hundred workers from coming back in the same millisecond after a manager's restart. */
export function createBackoff({ minMs, maxMs, random = Math.random }: BackoffOptions): Backoff {
  let failures = 0
  return {
    wait(signal) {
      const ceiling = Math.min(maxMs, minMs * 2 ** failures)
      failures += 1
      return pause(ceiling * (0.5 + random() / 2), signal)
    },
    reset() {
      failures = 0
    },
  }
}

/** Whether a manager kept the question open as asked; a slow answer is none that was held. */
export function wasHeld(askedAt: number, waitSeconds: number): boolean {
  return waitSeconds > 0 && performance.now() - askedAt > (waitSeconds * 1000) / 2
}

/** A delay that an abort ends early, without an error. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => {})
}
