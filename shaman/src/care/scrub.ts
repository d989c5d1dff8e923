import { createReadStream } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { FileBlobStore } from '../blobs/file-blob-store.ts'
import { createHasher, type Digest, digestFromKey, digestKey, sameDigest } from '../digest.ts'
import { isCode } from '../errors.ts'
import type { IndexDb } from '../index-db.ts'
import type { Protection } from '../protection.ts'
import type { Quarantine } from './quarantine.ts'

/** Reads every blob again and compares; what is damaged goes to quarantine. */
export interface Scrubber {
  /** Starts, or continues where the last one stopped. */
  start(options?: ScrubOptions): Promise<ScrubStatus>
  stop(): Promise<ScrubStatus>
  status(): Promise<ScrubStatus>
  /** Resolves when the running scrub has ended. */
  finished(): Promise<ScrubStatus>
}

/** How to scrub. */
export interface ScrubOptions {
  /** Read no faster than this. Default: as fast as it goes. */
  bytesPerSecond?: number
  /** Begin anew instead of continuing. */
  restart?: boolean
}

/** How far a scrub is. */
export interface ScrubStatus {
  running: boolean
  started: number
  /** When every blob had been read; 0 while there are more. */
  finished: number
  blobs: number
  bytes: number
  damaged: number
}

interface Saved extends ScrubStatus {
  cursor: string
}

interface ScrubberParts {
  store: FileBlobStore
  index: IndexDb
  protection: Protection
  quarantine: Quarantine
  now: () => number
  log: Logger
}

const checkpointEvery = 1000

/** Creates the scrubber of a store. */
export function createScrubber(parts: ScrubberParts): Scrubber {
  const { store, index, quarantine, now, log } = parts
  let running: Promise<void> | undefined
  let stop = new AbortController()
  let state: Saved | undefined

  const statusOf = ({ cursor: _cursor, ...status }: Saved): ScrubStatus => ({
    ...status,
    running: running !== undefined,
  })
  const current = async (): Promise<Saved> =>
    state ?? (await index.getState<Saved>('scrub')) ?? { ...none }

  return {
    async start(options = {}) {
      if (running) return statusOf(await current())
      const last = await current()
      const begin = options.restart || last.finished > 0 || last.started === 0
      state = begin ? { ...none, started: now() } : last
      stop = new AbortController()
      running = run(state, options, stop.signal).finally(() => {
        running = undefined
      })
      running.catch((error: unknown) => log.error({ err: error }, 'scrub failed'))
      return statusOf(state)
    },
    async stop() {
      stop.abort()
      await running?.catch(() => undefined)
      return statusOf(await current())
    },
    status: async () => statusOf(await current()),
    async finished() {
      await running
      return statusOf(await current())
    },
  }

  async function run(saved: Saved, options: ScrubOptions, signal: AbortSignal): Promise<void> {
    const pace = createPace(options.bytesPerSecond, now)
    const after = digestFromKey(saved.cursor)
    try {
      for await (const page of index.blobs(after && { after })) {
        for (const [digest, record] of page) {
          if (signal.aborted) return
          if (await isGood(digest, pace, signal)) {
            await index.putBlobs([[digest, { ...record, verifiedAt: Math.floor(now() / 1000) }]])
          } else saved.damaged += 1
          saved.blobs += 1
          saved.bytes += digest.size
          saved.cursor = digestKey(digest)
          if (saved.blobs % checkpointEvery === 0) await index.setState('scrub', saved)
        }
      }
      saved.finished = now()
      saved.cursor = ''
      log.info({ blobs: saved.blobs, damaged: saved.damaged }, 'scrub finished')
    } catch (error) {
      if (!signal.aborted) throw error
    } finally {
      await index.setState('scrub', saved)
    }
  }

  // Not by the store's own look, which takes a file of another size for none at all.
  async function open(
    path: string,
    digest: Digest,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Buffer>> {
    const { elsewhere } = store
    if (elsewhere) return await elsewhere.store.open(digest)
    return createReadStream(path, { highWaterMark: 1 << 20, signal })
  }

  async function isGood(digest: Digest, pace: Pace, signal: AbortSignal): Promise<boolean> {
    const unpin = parts.protection.pin([digest])
    try {
      const path = store.layout.blob(digest)
      const before = store.disk.lstatSync(path)
      // Collected meanwhile, or only ever in the index: nothing to judge.
      if (!before) return true
      const read = (): Promise<AsyncIterable<Buffer>> => open(path, digest, signal)
      const problem = await readBlob(read, digest, pace, signal)
      if (!problem) return true
      const record = await quarantine.add(digest, before.ino, problem)
      log.error({ ...digest, problem, checkouts: record?.checkouts }, 'blob damaged')
      return record === undefined
    } finally {
      unpin()
    }
  }
}

const none: Saved = {
  running: false,
  started: 0,
  finished: 0,
  blobs: 0,
  bytes: 0,
  damaged: 0,
  cursor: '',
}

async function readBlob(
  open: () => Promise<AsyncIterable<Buffer>>,
  digest: Digest,
  pace: Pace,
  signal: AbortSignal,
): Promise<string | undefined> {
  const hasher = createHasher()
  try {
    for await (const chunk of await open()) {
      signal.throwIfAborted()
      hasher.update(chunk)
      await pace.spend(chunk.length, signal)
    }
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined
    if (isCode(error, 'BLOB_MISSING')) return 'its bytes are gone'
    if (isCode(error, 'EIO', 'ESTALE', 'EUCLEAN')) return `unreadable: ${(error as Error).message}`
    throw error
  }
  const got = hasher.digest()
  if (sameDigest(got, digest)) return undefined
  return got.size === digest.size ? 'wrong checksum' : `${got.size} bytes instead of ${digest.size}`
}

interface Pace {
  spend(bytes: number, signal: AbortSignal): Promise<void>
}

function createPace(bytesPerSecond: number | undefined, now: () => number): Pace {
  const started = now()
  let spent = 0
  return {
    async spend(bytes, signal) {
      if (bytesPerSecond === undefined) return
      spent += bytes
      const ahead = (spent / bytesPerSecond) * 1000 - (now() - started)
      if (ahead > 5) await sleep(ahead, undefined, { signal })
    },
  }
}
