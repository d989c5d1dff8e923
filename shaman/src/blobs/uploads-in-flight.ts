import { type Digest, digestKey } from '../digest.ts'

/** Uploads that really run now, by digest. Never derived from temp files, which outlive a crash. */
export interface UploadsInFlight {
  /** Notes an upload; call `end` however it went. */
  begin(digest: Digest): UploadInFlight
  isRunning(digest: Digest): boolean
  /** Resolves when no upload of these digests runs any more, or when the time is over. */
  settled(digests: readonly Digest[], timeoutMs: number): Promise<void>
  count(): number
}

/** One running upload. */
export interface UploadInFlight {
  /** Aborts when a rival has stored the same blob first; a rival's failure never does. */
  readonly overtaken: AbortSignal
  end(outcome: 'stored' | 'failed'): void
}

interface Entry {
  rivals: Set<Rival>
  waiters: Set<() => void>
}

interface Rival {
  isOvertaken: boolean
  controller: AbortController | undefined
}

/** Creates an empty table. */
export function createUploadsInFlight(): UploadsInFlight {
  const entries = new Map<string, Entry>()
  let running = 0

  return {
    begin(digest) {
      const key = digestKey(digest)
      const entry = entries.get(key) ?? { rivals: new Set(), waiters: new Set() }
      entries.set(key, entry)
      // A signal only for those who look at it: of ten thousand small files none does.
      const self: Rival = { isOvertaken: false, controller: undefined }
      entry.rivals.add(self)
      running += 1
      return {
        get overtaken() {
          self.controller ??= new AbortController()
          if (self.isOvertaken) self.controller.abort()
          return self.controller.signal
        },
        end(outcome) {
          if (!entry.rivals.delete(self)) return
          running -= 1
          if (outcome === 'stored') for (const rival of entry.rivals) overtake(rival)
          if (entry.rivals.size > 0) return
          entries.delete(key)
          for (const wake of entry.waiters) wake()
        },
      }
    },
    isRunning: (digest) => entries.has(digestKey(digest)),
    async settled(digests, timeoutMs) {
      const pending = digests.flatMap((digest) => entries.get(digestKey(digest)) ?? [])
      if (pending.length === 0) return
      let timer: NodeJS.Timeout | undefined
      const timeout = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, timeoutMs)
      })
      const all = Promise.all(
        pending.map((entry) => new Promise<void>((resolve) => entry.waiters.add(resolve))),
      )
      await Promise.race([all, timeout])
      clearTimeout(timer)
    },
    count: () => running,
  }
}

function overtake(rival: Rival): void {
  rival.isOvertaken = true
  rival.controller?.abort()
}
