import { type Digest, digestKey } from '../digest.ts'

/** Uploads that really run now, by digest. Never derived from temp files, which outlive a crash. */
export interface UploadsInFlight {
  /** Notes an upload; call `end` however it went. */
  begin(digest: Digest): UploadInFlight
  /** Notes many whose being overtaken nobody watches; call what is returned with how each of them went. */
  beginAll(digests: readonly Digest[]): (outcomes: readonly Outcome[]) => void
  isRunning(digest: Digest): boolean
  /** Resolves when no upload of these digests runs any more, or when the time is over. */
  settled(digests: readonly Digest[], timeoutMs: number): Promise<void>
  count(): number
}

/** One running upload. */
export interface UploadInFlight {
  /** Aborts when a rival has stored the same blob first; a rival's failure never does. */
  readonly overtaken: AbortSignal
  end(outcome: Outcome): void
}

type Outcome = 'stored' | 'failed'

interface Entry {
  /** Uploads that are watched. */
  rivals: Rival[]
  unwatched: number
  waiters: (() => void)[]
}

interface Rival {
  isOvertaken: boolean
  controller: AbortController | undefined
}

// Of ten thousand small files none has a rival, and nobody waits for it: an entry of its own is made when one of that happens.
const oneUnwatched: Readonly<Entry> = { rivals: [], unwatched: 1, waiters: [] }

/** Creates an empty table. */
export function createUploadsInFlight(): UploadsInFlight {
  const entries = new Map<string, Readonly<Entry>>()
  let running = 0

  return {
    begin(digest) {
      const key = digestKey(digest)
      const self: Rival = { isOvertaken: false, controller: undefined }
      const entry = ownEntry(key)
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
          ended(key, entry, outcome)
        },
      }
    },
    beginAll(digests) {
      const keys = digests.map(digestKey)
      running += keys.length
      for (const key of keys) {
        if (entries.has(key)) ownEntry(key).unwatched += 1
        else entries.set(key, oneUnwatched)
      }
      return (outcomes) => {
        for (let i = 0; i < keys.length; i += 1) endUnwatched(keys[i]!, outcomes[i]!)
      }
    },
    isRunning: (digest) => entries.has(digestKey(digest)),
    async settled(digests, timeoutMs) {
      const pending = digests.map(digestKey).filter((key) => entries.has(key))
      if (pending.length === 0) return
      let timer: NodeJS.Timeout | undefined
      const timeout = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, timeoutMs)
      })
      const all = pending.map(
        (key) => new Promise<void>((resolve) => ownEntry(key).waiters.push(resolve)),
      )
      await Promise.race([Promise.all(all), timeout])
      clearTimeout(timer)
    },
    count: () => running,
  }

  /** The digest's entry, that it may be changed. */
  function ownEntry(key: string): Entry {
    const present = entries.get(key)
    if (present && present !== oneUnwatched) return present
    const entry = { rivals: [], unwatched: present ? 1 : 0, waiters: [] }
    entries.set(key, entry)
    return entry
  }

  function endUnwatched(key: string, outcome: Outcome): void {
    const entry = entries.get(key)!
    if (entry === oneUnwatched) {
      running -= 1
      entries.delete(key)
      return
    }
    const own = ownEntry(key)
    own.unwatched -= 1
    ended(key, own, outcome)
  }

  function ended(key: string, entry: Readonly<Entry>, outcome: Outcome): void {
    running -= 1
    if (outcome === 'stored') for (const rival of entry.rivals) overtake(rival)
    if (entry.rivals.length + entry.unwatched > 0) return
    entries.delete(key)
    for (const wake of entry.waiters) wake()
  }
}

function overtake(rival: Rival): void {
  rival.isOvertaken = true
  rival.controller?.abort()
}
