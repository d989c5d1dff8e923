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

// Of ten thousand small files none has a rival, nobody waits for it, and no one looks at its signal: these are made when asked for.
interface Entry {
  rivals: Rival[]
  waiters: (() => void)[] | undefined
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
      const self: Rival = { isOvertaken: false, controller: undefined }
      const present = entries.get(key)
      const entry = present ?? { rivals: [], waiters: undefined }
      if (!present) entries.set(key, entry)
      entry.rivals.push(self)
      running += 1
      return {
        get overtaken() {
          self.controller ??= new AbortController()
          if (self.isOvertaken) self.controller.abort()
          return self.controller.signal
        },
        end(outcome) {
          const place = entry.rivals.indexOf(self)
          if (place === -1) return
          entry.rivals.splice(place, 1)
          running -= 1
          if (outcome === 'stored') for (const rival of entry.rivals) overtake(rival)
          if (entry.rivals.length > 0) return
          entries.delete(key)
          for (const wake of entry.waiters ?? []) wake()
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
        pending.map(
          (entry) =>
            new Promise<void>((resolve) => {
              entry.waiters ??= []
              entry.waiters.push(resolve)
            }),
        ),
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
