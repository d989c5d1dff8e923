import type { Logger } from 'pino'
import { digestFromKey } from './digest.ts'
import type { BlobRecord, IndexDb } from './index-db.ts'
import type { Protection } from './protection.ts'

/** Writes the times of last use into the index now and then. */
export interface LastUseKeeper {
  flush(): Promise<void>
  stop(): void
}

const everyMs = 60_000
const pageLength = 2000

/** Starts keeping last uses: what a lease protects in memory, they protect across a restart. */
export function keepLastUses(parts: {
  index: IndexDb
  protection: Protection
  now: () => number
  log: Logger
}): LastUseKeeper {
  const { index, protection, now, log } = parts
  const flush = async (): Promise<void> => {
    const lastUse = Math.floor(now() / 1000)
    const keys = protection.takeTouched()
    for (let at = 0; at < keys.length; at += pageLength) {
      const page = keys.slice(at, at + pageLength).flatMap((key) => {
        const digest = digestFromKey(key)!
        const record = index.getBlob(digest)
        const updated: BlobRecord | undefined = record && { ...record, lastUse }
        return updated ? [[digest, updated] as const] : []
      })
      await index.putBlobs(page)
    }
  }
  const timer = setInterval(() => {
    flush().catch((error: unknown) => log.warn({ err: error }, 'last uses not written'))
  }, everyMs)
  timer.unref()
  return { flush, stop: () => clearInterval(timer) }
}
