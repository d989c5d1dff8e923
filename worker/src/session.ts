import { join } from 'node:path'
import type { WorkerClient } from '@shaman-farm/manager-api/worker-client'
import type { Logger } from 'pino'
import { type Backoff, createBackoff } from './backoff.ts'
import { createSelfCheck, type SelfCheck } from './doctor/self-check.ts'
import type { SignedOn } from './identity.ts'
import { type BlobCache, openBlobCache } from './mount-free/blob-cache.ts'
import { createStorage, type Storage } from './mount-free/storage.ts'
import { retryOf, type WorkerOptions, type WorkerTiming } from './options.ts'
import type { Delivery, Outbox, StoredUpdate } from './outbox.ts'
import { type Previews, startPreviews } from './previews.ts'
import { type Guard, startGuard } from './process/guard.ts'
import { softwareVersion } from './version.ts'

const defaultCacheBytes = 50e9

export type StopWhen = 'now' | 'frame' | 'task'

export interface SessionParts {
  options: WorkerOptions
  timing: WorkerTiming
  stopping: AbortController
  outbox: Outbox
  cache: BlobCache
  signedOn: SignedOn
}

/** What a worker holds while it is signed on. */
export interface Session extends SessionParts {
  signal: AbortSignal
  /** What is still to be finished before the worker stops. */
  stopAfter: 'frame' | 'task' | undefined
  stop(when: StopWhen): void
  log: Logger
  guard: Guard
  storage: Storage
  previews: Previews
  selfCheck: SelfCheck | undefined
  backoff: Backoff
  /** The task at work, to be dropped when the manager says that it is somebody else's. */
  running: { taskId: string; abort: AbortController } | undefined
}

export function createSession(parts: SessionParts): Session {
  const { options, timing, signedOn, outbox } = parts
  const log = options.log.child({ worker: signedOn.credentials.uuid })
  const guard = startGuard({ log, ...graceOf(options) })
  const session: Session = {
    ...parts,
    signal: parts.stopping.signal,
    stopAfter: undefined,
    stop(when) {
      if (when === 'now' || !session.running) {
        parts.stopping.abort(new Error('the worker is stopping'))
      } else session.stopAfter = when
    },
    log,
    guard,
    selfCheck: selfCheckFor(options, guard, log),
    backoff: createBackoff(retryOf(timing)),
    running: undefined,
    previews: startPreviews({ client: () => session.signedOn.client, log }),
    storage: storageFor(parts, signedOn, log),
  }
  outbox.start({
    deliver: (update, abort) => deliver(session.signedOn.client, update, abort),
    onRefused({ taskId }) {
      if (session.running?.taskId !== taskId) return
      session.running.abort.abort(new Error('the manager gave the task to another worker'))
    },
  })
  return session
}

/** Delivers what can be delivered, lets go of everything and signs off. */
export async function closeSession(session: Session): Promise<void> {
  const { outbox, previews, guard, signedOn, timing, log } = session
  await session.selfCheck?.close()
  await previews.close()
  await outbox.drained(AbortSignal.timeout(timing.flushOnStopMs))
  if (outbox.size > 0) log.warn({ updates: outbox.size }, 'updates kept for the next start')
  await outbox.close()
  await session.storage.close()
  await guard.close()
  await signedOn.client.signOff({ timeoutMs: 3_000 }).catch((error: unknown) => {
    log.warn({ err: error }, 'not signed off')
  })
}

function selfCheckFor(
  { look, home }: WorkerOptions,
  guard: Guard,
  log: Logger,
): SelfCheck | undefined {
  return look && createSelfCheck({ look, home, guard, log, softwareVersion })
}

/** The worker is somebody new to the manager, which forgot who it was. */
export async function takeIdentity(session: Session, signedOn: SignedOn): Promise<void> {
  session.signedOn = signedOn
  session.log = session.options.log.child({ worker: signedOn.credentials.uuid })
  session.selfCheck?.signedOn(signedOn.client)
  await session.storage.close()
  session.storage = storageFor(session, signedOn, session.log)
}

function storageFor({ options, cache }: SessionParts, signedOn: SignedOn, log: Logger): Storage {
  const { client, credentials } = signedOn
  const { home, storageMode: mode = 'auto' } = options
  return createStorage({ mode, client, credentials, home, cache, log })
}

/** Slots of one machine are given one cache; a worker alone has its own. */
export function openCache(
  options: Pick<WorkerOptions, 'managerUrl' | 'home' | 'cacheBytes' | 'log'>,
): BlobCache {
  return openBlobCache({
    dir: join(options.home, 'cache'),
    url: options.managerUrl,
    maxBytes: options.cacheBytes ?? defaultCacheBytes,
    log: options.log,
  })
}

function graceOf(options: WorkerOptions): { graceMs?: number } {
  const graceMs = options.limits?.graceMs
  return graceMs === undefined ? {} : { graceMs }
}

/** Whatever the manager says about a task is final, except that it cannot answer now. */
async function deliver(
  client: WorkerClient,
  { seq, taskId, update }: StoredUpdate,
  signal: AbortSignal,
): Promise<Delivery> {
  const { status }: { status: number } = await client.request('taskUpdate', {
    params: { task_id: taskId },
    body: update,
    headers: { 'X-Farm-Update-Seq': String(seq) },
    timeoutMs: 15_000,
    signal,
  })
  if (status < 300) return 'done'
  return status >= 500 || status === 429 || status === 408 ? 'later' : 'refused'
}
