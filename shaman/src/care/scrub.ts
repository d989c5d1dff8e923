import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { type Digest, digestFromKey, digestKey } from '../digest.ts'
import type { IndexDb } from '../index-db.ts'
import type { Examine } from './examine.ts'
import type { Unverified } from './unverified.ts'

/** Reads every blob again and compares, first those that are unverified; what is damaged goes to quarantine. */
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
  index: IndexDb
  examine: Examine
  unverified: Unverified
  /** Whether uploads are under way. */
  isBusy(): boolean
  now: () => number
  log: Logger
  /** How to wait; tests count. */
  wait?: Wait
}

type Wait = (ms: number, signal: AbortSignal) => Promise<unknown>

const checkpointEvery = 1000
// While uploads run, a MiB between pauses: 4 MiB/s at most, which is 10 TB in 30 days, so that no store is never read.
const pauseMs = 250

/** Creates the scrubber of a store. */
export function createScrubber(parts: ScrubberParts): Scrubber {
  const { index, examine, unverified, now, log } = parts
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
    const pace = createPace(parts, options.bytesPerSecond, signal)
    const after = digestFromKey(saved.cursor)
    try {
      saved.damaged += await readUnverified(pace, signal)
      for await (const page of index.blobs(after && { after })) {
        for (const [digest, { verifiedAt }] of page) {
          if (signal.aborted) return
          // Read by the first pass, or arrived since.
          const isRead = verifiedAt * 1000 > saved.started
          if (!isRead && !(await readOne(digest, pace, signal))) saved.damaged += 1
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

  async function readUnverified(spend: Pace, signal: AbortSignal): Promise<number> {
    const seen = index.unverified()
    if (seen === 0) return 0
    let damaged = 0
    let left = 0
    for await (const page of index.blobs()) {
      const digests = page.flatMap(([digest, { verifiedAt }]) => (verifiedAt === 0 ? digest : []))
      damaged += await unverified.read(digests, { signal, spend })
      left += digests.filter((digest) => index.getBlob(digest)?.verifiedAt === 0).length
    }
    if (left === 0) await index.allVerified(seen)
    return damaged
  }

  async function readOne(digest: Digest, spend: Pace, signal: AbortSignal): Promise<boolean> {
    if (!(await examine(digest, { signal, spend }))) return false
    // As it is now, not as it was when the pass began: it may have been used since, or collected.
    const record = index.getBlob(digest)
    // What was never made durable is not known to be right on the medium, whatever a read tells.
    if (!record || record.verifiedAt === 0) return true
    await index.putBlobs([[digest, { ...record, verifiedAt: Math.floor(now() / 1000) }]])
    return true
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

type Pace = (bytes: number) => Promise<void>

function createPace(
  { now, isBusy, wait = waitFor }: ScrubberParts,
  bytesPerSecond: number | undefined,
  signal: AbortSignal,
): Pace {
  const started = now()
  let spent = 0
  return async (bytes) => {
    if (isBusy()) await wait(pauseMs, signal)
    if (bytesPerSecond === undefined) return
    spent += bytes
    const ahead = (spent / bytesPerSecond) * 1000 - (now() - started)
    if (ahead > 5) await wait(ahead, signal)
  }
}

function waitFor(ms: number, signal: AbortSignal): Promise<unknown> {
  return sleep(ms, undefined, { signal })
}
