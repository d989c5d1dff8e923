import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { rm, stat, statfs, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { type Digest, digestFromKey, digestKey } from '@shaman-farm/shaman/digest'
import PQueue from 'p-queue'
import type { Logger } from 'pino'
import { downloadBlob } from './blob-download.ts'
import { CacheError } from './errors.ts'

/** The blobs a worker keeps near: fetched once, verified, thrown out least recently used first. */
export interface BlobCache {
  /** Makes sure that all are here and stay here until released. */
  hold(digests: readonly Digest[], options: HoldOptions): Promise<Hold>
  readonly bytes: number
}

export interface HoldOptions {
  signal: AbortSignal
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
  parallel?: number
  /** Left free on the volume, whatever `maxBytes` says. */
  keepFreeBytes?: number
  now?: () => number
}

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
  const inFlight = new Map<string, Promise<void>>()
  const queue = new PQueue({ concurrency: options.parallel ?? 8 })
  let bytes = [...entries.values()].reduce((sum, { size }) => sum + size, 0)
  /** Promised to downloads that are not done yet. */
  let reserved = 0

  const pathOf = (digest: Digest): string => join(blobs, digest.sha.slice(0, 2), digestKey(digest))

  async function isHere(digest: Digest): Promise<boolean> {
    const entry = entries.get(digestKey(digest))
    if (!entry) return false
    const info = await stat(pathOf(digest)).catch(() => undefined)
    if (info?.size === digest.size) return true
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
    const oldest = [...entries]
      .filter(([key]) => !pins.has(key))
      .sort(([, a], [, b]) => a.lastUse - b.lastUse)
    let evicted = 0
    for (const [key, entry] of oldest) {
      if (excess <= 0) break
      forget(key, entry)
      await rm(pathOf(digestFromKey(key)!), { force: true })
      excess -= entry.size
      evicted += 1
    }
    if (evicted > 0) log.info({ blobs: evicted, bytes }, 'cache made room')
    if (excess > 0) {
      const detail = { needed: reserved, missing: excess, limit: options.maxBytes }
      throw new CacheError(
        'CACHE_FULL',
        "The worker's cache has no room for the job's files",
        detail,
      )
    }
  }

  function fetchOnce(digest: Digest, holdOptions: HoldOptions): Promise<void> {
    const key = digestKey(digest)
    const running = inFlight.get(key)
    if (running) return running
    const fetching = queue
      .add(async () => {
        await downloadBlob({
          url: options.url,
          digest,
          toFile: pathOf(digest),
          signal: holdOptions.signal,
          ...(holdOptions.onBytes ? { onBytes: holdOptions.onBytes } : {}),
        })
        entries.set(key, { size: digest.size, lastUse: now() })
        bytes += digest.size
      })
      .finally(() => inFlight.delete(key))
    inFlight.set(key, fetching)
    return fetching
  }

  return {
    get bytes() {
      return bytes
    },
    async hold(digests, holdOptions) {
      const wanted = distinct(digests)
      const release = pin(pins, wanted)
      try {
        const missing: Digest[] = []
        for (const digest of wanted) if (!(await isHere(digest))) missing.push(digest)
        const size = missing.reduce((sum, digest) => sum + digest.size, 0)
        await reserve(size)
        const outcomes = await Promise.allSettled(
          missing.map((digest) => fetchShared(fetchOnce, digest, holdOptions)),
        )
        reserved -= size
        const failed = outcomes.find((outcome) => outcome.status === 'rejected')
        if (failed) throw failed.reason
        touch(entries, wanted, now(), pathOf)
        return { pathOf, fetchedBytes: size, release }
      } catch (error) {
        release()
        throw error
      }
    },
  }
}

/** A download that another task began may be cancelled by that task: then this one takes it over. */
async function fetchShared(
  fetchOnce: (digest: Digest, options: HoldOptions) => Promise<void>,
  digest: Digest,
  options: HoldOptions,
): Promise<void> {
  try {
    await fetchOnce(digest, options)
  } catch (error) {
    const isOthers = (error as Error).name === 'AbortError' && !options.signal.aborted
    if (!isOthers) throw error
    await fetchOnce(digest, options)
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
