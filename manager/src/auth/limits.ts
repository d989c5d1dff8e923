/** Counts what should be rare, by who did it; holds a bounded number of names. */
export interface Limit {
  isReached(name: string): boolean
  count(name: string): void
  forget(name: string): void
}

export interface LimitOptions {
  most: number
  perMs: number
  now?: () => number
}

const mostNames = 10_000

export function createLimit({ most, perMs, now = Date.now }: LimitOptions): Limit {
  const counts = new Map<string, { n: number; until: number }>()
  const current = (name: string) => {
    const entry = counts.get(name)
    return entry && entry.until > now() ? entry : undefined
  }
  return {
    isReached: (name) => (current(name)?.n ?? 0) >= most,
    count(name) {
      const entry = current(name)
      if (entry) entry.n += 1
      else {
        if (counts.size >= mostNames) counts.clear()
        counts.set(name, { n: 1, until: now() + perMs })
      }
    },
    forget: (name) => void counts.delete(name),
  }
}
