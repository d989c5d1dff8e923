import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { rm, statfs, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { type Digest, digestFromKey, digestKey } from '@shaman-farm/shaman/digest'
import { formatBytes, UserError } from '@shaman-farm/terminal'
import type { Logger } from 'pino'
import { createFetch, type Fetch } from './fetcher.ts'

/** The blobs a worker keeps near: fetched once, verified, thrown out least recently used first. */
export interface BlobCache {
  /** Makes sure that all are here and stay here until released. */
  hold(digests: readonly Digest[], options: HoldOptions): Promise<Hold>
  /**
   * Calls before blobs are thrown out: whoever holds some or has links to them without need lets go of those, or there
   * would not be the room.
   * Answers how to end that.
   */
  onShortage(letGo: () => Promise<void>): () => void
  readonly bytes: number
}

export interface HoldOptions {
  signal: AbortSignal
  /** Who asks the store. */
  authorization?: string | undefined
  onBytes?: (bytes: number) => void
}

export interface Hold {
  pathOf(digest: Digest): string
  /** Bytes that had to be fetched. */
  readonly fetchedBytes: number
  release(): void
}

export interface BlobCacheOptions {
  dir: string
  url: string
  maxBytes: number
  log: Logger
  fetch?: Fetch
  /** Left free on the volume, whatever `maxBytes` says. */
  keepFreeBytes?: number
  now?: () => number
}

const maxRounds = 10

interface Entry {
  size: number
  lastUse: number
}

export function openBlobCache(options: BlobCacheOptions): BlobCache {
  const { dir, log, now = Date.now, keepFreeBytes = 1 << 30 } = options
  const blobs = join(dir, 'blobs')
  mkdirSync(blobs, { recursive: true })
  const entries = scan(blobs)
  const pins = new Map<string, number>()
  const inFlight = new Map<string, PromiseWithResolvers<void>>()
  const linkers = new Set<() => Promise<void>>()
  const fetchAll = options.fetch ?? createFetch(options.url)
  let bytes = [...entries.values()].reduce((sum, { size }) => sum + size, 0)
  /** Promised to downloads that are not done yet. */
  let reserved = 0

  const pathOf = (digest: Digest): string => join(blobs, digest.sha.slice(0, 2), digestKey(digest))

  // Asked of thousands at once: a promise each would take ten times as long as the question.
  function isHere(digest: Digest): boolean {
    const entry = entries.get(digestKey(digest))
    if (!entry) return false
    if (statSync(pathOf(digest), { throwIfNoEntry: false })?.size === digest.size) return true
    forget(digestKey(digest), entry)
    return false
  }

  function forget(key: string, entry: Entry): void {
    if (entries.delete(key)) bytes -= entry.size
  }

  async function reserve(wanted: number): Promise<void> {
    reserved += wanted
    try {
      await makeRoom()
    } catch (error) {
      reserved -= wanted
      throw error
    }
  }

  async function makeRoom(): Promise<void> {
    const { bavail, bsize } = await statfs(blobs)
    const overLimit = bytes + reserved - options.maxBytes
    const overDisk = reserved + keepFreeBytes - bavail * bsize
    let excess = Math.max(overLimit, overDisk)
    if (excess <= 0) return
    for (const letGo of linkers) await letGo()
    const oldest = [...entries]
      .filter(([key]) => !pins.has(key))
      .sort(([, a], [, b]) => a.lastUse - b.lastUse)
    const lacking = excess - oldest.reduce((sum, [, { size }]) => sum + size, 0)
    // Nothing is thrown out for what will not fit even so.
    if (lacking > 0) {
      throw new UserError("The worker's cache has no room for the job's files", {
        code: 'CACHE_FULL',
        hint: `It lacks ${formatBytes(lacking)}. Raise --cache-gb, or free the disk of ${dir}.`,
      })
    }
    let evicted = 0
    for (const [key, entry] of oldest) {
      if (excess <= 0) break
      forget(key, entry)
      await rm(pathOf(digestFromKey(key)!), { force: true })
      excess -= entry.size
      evicted += 1
    }
    log.info({ blobs: evicted, bytes }, 'cache made room')
  }

  /** Fetches what nobody else is fetching already. */
  async function fetchOurs(digests: readonly Digest[], given: HoldOptions): Promise<void> {
    const size = digests.reduce((sum, digest) => sum + digest.size, 0)
    for (const digest of digests) {
      const fetched = Promise.withResolvers<void>()
      fetched.promise.catch(() => {})
      inFlight.set(digestKey(digest), fetched)
    }
    try {
      await reserve(size)
      try {
        await fetchAll(
          digests.map((digest) => ({ digest, toFile: pathOf(digest) })),
          { ...given, onFile: arrived },
        )
      } finally {
        reserved -= size
      }
    } catch (error) {
      for (const digest of digests) inFlight.get(digestKey(digest))?.reject(error)
      throw error
    } finally {
      for (const digest of digests) inFlight.delete(digestKey(digest))
    }
  }

  function arrived(key: string): void {
    const { size } = digestFromKey(key)!
    if (!entries.has(key)) bytes += size
    entries.set(key, { size, lastUse: now() })
    inFlight.get(key)?.resolve()
  }

  /** What others fetch is waited for; when they fail or are cancelled, it is fetched in another round. */
  async function fetchMissing(wanted: readonly Digest[], given: HoldOptions): Promise<number> {
    let fetchedBytes = 0
    for (let round = 1; ; round += 1) {
      const missing = wanted.filter((digest) => !isHere(digest))
      if (missing.length === 0) return fetchedBytes
      if (round > maxRounds) throw new Error("files vanish from the worker's cache")
      const ours = missing.filter((digest) => !inFlight.has(digestKey(digest)))
      const theirs = missing.flatMap((digest) => inFlight.get(digestKey(digest))?.promise ?? [])
      fetchedBytes += ours.reduce((sum, digest) => sum + digest.size, 0)
      const waiting = Promise.allSettled(theirs)
      if (ours.length > 0) await fetchOurs(ours, given)
      await untilAborted(waiting, given.signal)
    }
  }

  return {
    get bytes() {
      return bytes
    },
    onShortage(letGo) {
      linkers.add(letGo)
      return () => void linkers.delete(letGo)
    },
    async hold(digests, given) {
      const wanted = distinct(digests)
      const release = pin(pins, wanted)
      try {
        const fetchedBytes = await fetchMissing(wanted, given)
        touch(entries, wanted, now(), pathOf)
        return { pathOf, fetchedBytes, release }
      } catch (error) {
        release()
        throw error
      }
    },
  }
}

async function untilAborted(waiting: Promise<unknown>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const aborted = Promise.withResolvers<never>()
  const abort = (): void => aborted.reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    await Promise.race([waiting, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

function distinct(digests: readonly Digest[]): Digest[] {
  return [...new Map(digests.map((digest) => [digestKey(digest), digest])).values()]
}

function pin(pins: Map<string, number>, digests: readonly Digest[]): () => void {
  const keys = digests.map(digestKey)
  for (const key of keys) pins.set(key, (pins.get(key) ?? 0) + 1)
  let isReleased = false
  return () => {
    if (isReleased) return
    isReleased = true
    for (const key of keys) {
      const left = (pins.get(key) ?? 1) - 1
      if (left === 0) pins.delete(key)
      else pins.set(key, left)
    }
  }
}

/** The time of last use is kept as the file's, so that it outlives the process. */
function touch(
  entries: Map<string, Entry>,
  digests: readonly Digest[],
  at: number,
  pathOf: (digest: Digest) => string,
): void {
  for (const digest of digests) {
    const entry = entries.get(digestKey(digest))
    if (!entry) continue
    // Once an hour is fine enough to tell old from new, and spares a write for each of 5,000 files.
    const isStale = at - entry.lastUse > 3_600_000
    entry.lastUse = at
    if (isStale) utimes(pathOf(digest), at / 1000, at / 1000).catch(() => {})
  }
}

function scan(blobs: string): Map<string, Entry> {
  const entries = new Map<string, Entry>()
  for (const folder of readdirSync(blobs)) {
    for (const name of readdirSync(join(blobs, folder))) {
      const digest = digestFromKey(name)
      if (!digest) continue
      const info = statSync(join(blobs, folder, name))
      if (info.size === digest.size) {
        entries.set(name, { size: info.size, lastUse: info.mtimeMs })
      }
    }
  }
  return entries
}
