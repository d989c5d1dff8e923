import { type Digest, digestFromKey, digestKey } from '@shaman-farm/shaman/digest'
import { type BlobShelfOptions, openBlobShelf } from './blob-shelf.ts'
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

export interface BlobCacheOptions extends BlobShelfOptions {
  url: string
  fetch?: Fetch
}

const maxRounds = 10

export function openBlobCache(options: BlobCacheOptions): BlobCache {
  const shelf = openBlobShelf(options)
  const inFlight = new Map<string, PromiseWithResolvers<void>>()
  const fetchAll = options.fetch ?? createFetch(options.url)

  /** Fetches what nobody else is fetching already. */
  async function fetchOurs(digests: readonly Digest[], given: HoldOptions): Promise<void> {
    for (const digest of digests) {
      const fetched = Promise.withResolvers<void>()
      fetched.promise.catch(() => {})
      inFlight.set(digestKey(digest), fetched)
    }
    try {
      const giveBack = await shelf.reserve(bytesOf(digests))
      try {
        await fetchAll(
          digests.map((digest) => ({ digest, toFile: shelf.pathOf(digest) })),
          { ...given, onFile: arrived },
        )
      } finally {
        giveBack()
      }
    } catch (error) {
      for (const digest of digests) inFlight.get(digestKey(digest))?.reject(error)
      throw error
    } finally {
      for (const digest of digests) inFlight.delete(digestKey(digest))
    }
  }

  function arrived(key: string): void {
    shelf.add(digestFromKey(key)!)
    inFlight.get(key)?.resolve()
  }

  /** What others fetch is waited for; when they fail or are cancelled, it is fetched in another round. */
  async function fetchMissing(wanted: readonly Digest[], given: HoldOptions): Promise<number> {
    let fetchedBytes = 0
    for (let round = 1; ; round += 1) {
      const missing = wanted.filter((digest) => !shelf.has(digest))
      if (missing.length === 0) return fetchedBytes
      if (round > maxRounds) throw new Error("files vanish from the worker's cache")
      const ours = missing.filter((digest) => !inFlight.has(digestKey(digest)))
      const theirs = missing.flatMap((digest) => inFlight.get(digestKey(digest))?.promise ?? [])
      fetchedBytes += bytesOf(ours)
      const waiting = Promise.allSettled(theirs)
      if (ours.length > 0) await fetchOurs(ours, given)
      await untilAborted(waiting, given.signal)
    }
  }

  return {
    get bytes() {
      return shelf.bytes
    },
    onShortage: shelf.onShortage,
    async hold(digests, given) {
      const wanted = distinct(digests)
      const release = shelf.pin(wanted)
      try {
        await shelf.verify(wanted, given.signal)
        const fetchedBytes = await fetchMissing(wanted, given)
        shelf.touch(wanted)
        return { pathOf: shelf.pathOf, fetchedBytes, release }
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

function bytesOf(digests: readonly Digest[]): number {
  return digests.reduce((sum, { size }) => sum + size, 0)
}
