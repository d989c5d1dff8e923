import { type Digest, digestKey } from './digest.ts'

/** What has happened to blobs since it began. */
export interface Watch {
  has(digest: Digest): boolean
  stop(): void
}

/** Watches over the same thing. */
export interface Watches {
  /** It has happened to these. */
  note(keys: Iterable<string>): void
  begin(): Watch
}

/** Creates none yet. */
export function createWatches(): Watches {
  const running = new Set<Set<string>>()
  return {
    note(keys) {
      if (running.size === 0) return
      for (const key of keys) for (const seen of running) seen.add(key)
    },
    begin() {
      const seen = new Set<string>()
      running.add(seen)
      return {
        has: (digest) => seen.has(digestKey(digest)),
        stop: () => running.delete(seen),
      }
    },
  }
}
