import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { open, rm, statfs, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import {
  createHasher,
  type Digest,
  digestFromKey,
  digestKey,
  sameDigest,
} from '@shaman-farm/shaman/digest'
import { formatBytes, UserError } from '@shaman-farm/terminal'
import type { Logger } from 'pino'
import { currentBoot, isSameBoot, noteBoot } from './boot.ts'

/** The blobs that lie in a folder, and the room for more; knows nothing of where they come from. */
export interface BlobShelf {
  pathOf(digest: Digest): string
  /** Whether it lies there with its whole size. */
  has(digest: Digest): boolean
  /**
   * Looks at the bytes of those that lie here since before the machine was last started, and throws out what is not right: a
   * cache is not flushed to the disk, so a power cut may leave a file that has its size but not its bytes.
   */
  verify(digests: readonly Digest[], signal?: AbortSignal): Promise<void>
  /** Takes note of a blob that was put at its path. */
  add(digest: Digest): void
  /** They were used now; kept as the time of the file, so that it outlives the process. */
  touch(digests: readonly Digest[]): void
  /** None of these is thrown out until what it answers is called. */
  pin(digests: readonly Digest[]): () => void
  /**
   * Sets so many bytes aside, for which others are thrown out, least recently used first, until what it answers is
   * called.
   *
   * @throws UserError CACHE_FULL when there would not be the room even so; then nothing is thrown out
   */
  reserve(bytes: number): Promise<() => void>
  /** Called before blobs are thrown out; answers how to end that. */
  onShortage(letGo: () => Promise<void>): () => void
  readonly bytes: number
}

export interface BlobShelfOptions {
  dir: string
  maxBytes: number
  log: Logger
  /** Left free on the volume, whatever `maxBytes` says. */
  keepFreeBytes?: number | undefined
  now?: (() => number) | undefined
  /** Names the time since the machine was last started. */
  boot?: string | undefined
}

interface Entry {
  size: number
  lastUse: number
}

export function openBlobShelf(options: BlobShelfOptions): BlobShelf {
  const { dir, log, now = Date.now, keepFreeBytes = 1 << 30 } = options
  const blobs = join(dir, 'blobs')
  mkdirSync(blobs, { recursive: true })
  const entries = scan(blobs)
  const note = join(dir, 'boot')
  const { boot = currentBoot() } = options
  const suspects = new Set(isSameBoot(note, boot) ? [] : entries.keys())
  if (suspects.size === 0) noteBoot(note, boot)
  const pins = new Map<string, number>()
  const linkers = new Set<() => Promise<void>>()
  let bytes = [...entries.values()].reduce((sum, { size }) => sum + size, 0)
  /** Promised to downloads that are not done yet. */
  let reserved = 0

  const pathOf = (digest: Digest): string => join(blobs, digest.sha.slice(0, 2), digestKey(digest))

  function forget(key: string, entry: Entry): void {
    if (entries.delete(key)) bytes -= entry.size
    clear(key)
  }

  // The note is written once nothing is left to look at, so that a worker that ends before looks again.
  function clear(key: string): void {
    if (suspects.delete(key) && suspects.size === 0) noteBoot(note, boot)
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

  return {
    pathOf,
    get bytes() {
      return bytes
    },
    // Asked of thousands at once: a promise each would take ten times as long as the question.
    has(digest) {
      const entry = entries.get(digestKey(digest))
      if (!entry) return false
      if (statSync(pathOf(digest), { throwIfNoEntry: false })?.size === digest.size) return true
      forget(digestKey(digest), entry)
      return false
    },
    async verify(digests, signal) {
      // One for all: fresh memory for each of thousands of files stays with the process.
      const memory = Buffer.allocUnsafeSlow(256 << 10)
      for (const digest of digests) {
        const key = digestKey(digest)
        const entry = entries.get(key)
        if (!entry || !suspects.has(key)) continue
        const got = await digestIn(pathOf(digest), memory).catch(() => undefined)
        signal?.throwIfAborted()
        if (got && sameDigest(got, digest)) {
          clear(key)
          continue
        }
        log.warn({ blob: key }, 'cached file is damaged, fetching it anew')
        forget(key, entry)
        await rm(pathOf(digest), { force: true })
      }
    },
    add(digest) {
      const key = digestKey(digest)
      clear(key)
      if (!entries.has(key)) bytes += digest.size
      entries.set(key, { size: digest.size, lastUse: now() })
    },
    touch(digests) {
      const at = now()
      for (const digest of digests) {
        const entry = entries.get(digestKey(digest))
        if (!entry) continue
        // Once an hour is fine enough to tell old from new, and spares a write for each of 5,000 files.
        const isStale = at - entry.lastUse > 3_600_000
        entry.lastUse = at
        if (isStale) utimes(pathOf(digest), at / 1000, at / 1000).catch(() => {})
      }
    },
    pin: (digests) => pin(pins, digests.map(digestKey)),
    async reserve(wanted) {
      reserved += wanted
      const giveBack = (): void => {
        reserved -= wanted
      }
      try {
        await makeRoom()
        return giveBack
      } catch (error) {
        giveBack()
        throw error
      }
    },
    onShortage(letGo) {
      linkers.add(letGo)
      return () => void linkers.delete(letGo)
    },
  }
}

async function digestIn(path: string, memory: Buffer): Promise<Digest> {
  const hasher = createHasher()
  const file = await open(path)
  try {
    for (;;) {
      const { bytesRead } = await file.read(memory, 0, memory.length, null)
      if (bytesRead === 0) return hasher.digest()
      hasher.update(memory.subarray(0, bytesRead))
    }
  } finally {
    await file.close()
  }
}

function pin(pins: Map<string, number>, keys: readonly string[]): () => void {
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
