import { join } from 'node:path'
import {
  type AssignedTask,
  createManagerClient,
  type ManagerClient,
  type WorkerStatus,
} from '@shaman-farm/manager-api'
import type { Logger } from 'pino'
import { type Backoff, createBackoff, pause } from './backoff.ts'
import { type SignedOn, type SignOnOptions, signOn } from './identity.ts'
import { type BlobCache, openBlobCache } from './mount-free/blob-cache.ts'
import {
  createStorage,
  findJobsDir,
  isReadable,
  type Storage,
  type StorageMode,
} from './mount-free/storage.ts'
import { type Delivery, type Outbox, openOutbox, type StoredUpdate } from './outbox.ts'
import { watchPermission } from './permission.ts'
import { type Previews, startPreviews } from './previews.ts'
import { type Guard, startGuard } from './process/guard.ts'
import type { ProcessLimits } from './process/run.ts'
import { runTask } from './run-task.ts'
import { createTaskReporter } from './task-reporter.ts'

export const softwareVersion = '0.1.0'
const defaultCacheBytes = 50e9

export interface WorkerOptions {
  managerUrl: string
  home: string
  name: string
  taskTypes: readonly string[]
  log: Logger
  limits?: ProcessLimits
  /** Added to the environment of every command. */
  env?: Readonly<Record<string, string>>
  /** Whether somebody starts the worker again after it ended with `restart`. */
  canRestart?: boolean
  /** Whether the farm's storage is used as mounted, or files are pulled; `auto` finds out for each task. */
  storageMode?: StorageMode
  cache?: BlobCache
  cacheBytes?: number
  /** End when there is nothing to do. */
  once?: boolean
  timing?: Partial<WorkerTiming>
}

export interface WorkerTiming {
  /** How long a request may hang at a manager that can hold it. */
  waitSeconds: number
  /** Between two questions for a task, to a manager that cannot hold them. */
  idleMs: number
  /** Between two questions while asleep, likewise. */
  asleepMs: number
  mayIRunMs: number
  retryMinMs: number
  retryMaxMs: number
  flushOnStopMs: number
}

const defaultTiming: WorkerTiming = {
  waitSeconds: 30,
  idleMs: 20_000,
  asleepMs: 3_000,
  mayIRunMs: 10_000,
  retryMinMs: 250,
  retryMaxMs: 15_000,
  flushOnStopMs: 5_000,
}

export type WorkerEnd = 'stopped' | 'offline' | 'restart' | 'idle'

export type StopWhen = 'now' | 'frame' | 'task'

export interface Worker {
  readonly uuid: string
  /** Resolves when the worker has ended by itself or was stopped; rejects only on a defect. */
  readonly ended: Promise<WorkerEnd>
  /**
   * Ends what runs, at once or when its frame or task is done; delivers what can be delivered and signs off. May be
   * called again to be less patient.
   */
  stop(when?: StopWhen): Promise<void>
}

/** Signs on and works until it is stopped or told to go. */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const timing = { ...defaultTiming, ...options.timing }
  const stopping = new AbortController()
  const identify = async (): Promise<SignedOn> => {
    const taskTypes = await possibleTaskTypes(options)
    return signOn(signOnOptions({ ...options, taskTypes }, timing, stopping.signal))
  }
  // Opened first: it also locks the home, so that no second worker signs on as the same one.
  const outbox = openOutbox({ home: options.home, log: options.log, retry: retryOf(timing) })
  const signedOn = await identify().catch(async (error: unknown) => {
    await outbox.close()
    throw error
  })
  const cache = options.cache ?? openCache(options)
  const session = createSession({
    options,
    timing,
    signedOn,
    outbox,
    cache,
    stopping,
  })
  const ended = live(session, identify).finally(() => close(session))
  // Whoever starts a worker and never looks at `ended` must not be killed by it.
  ended.catch((error: unknown) => options.log.error({ err: error }, 'worker broke'))
  return {
    uuid: signedOn.credentials.uuid,
    ended,
    async stop(when = 'now') {
      session.stop(when)
      await ended.catch(() => {})
    },
  }
}

interface SessionParts {
  options: WorkerOptions
  timing: WorkerTiming
  stopping: AbortController
  outbox: Outbox
  cache: BlobCache
  signedOn: SignedOn
}

interface Session extends SessionParts {
  signal: AbortSignal
  /** What is still to be finished before the worker stops. */
  stopAfter: 'frame' | 'task' | undefined
  stop(when: StopWhen): void
  log: Logger
  guard: Guard
  storage: Storage
  previews: Previews
  backoff: Backoff
  /** The task at work, to be dropped when the manager says that it is somebody else's. */
  running: { taskId: string; abort: AbortController } | undefined
}

function createSession(parts: SessionParts): Session {
  const { options, timing, signedOn, outbox } = parts
  const log = options.log.child({ worker: signedOn.credentials.uuid })
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
    guard: startGuard({ log, ...graceOf(options) }),
    backoff: createBackoff(retryOf(timing)),
    running: undefined,
    previews: startPreviews({ client: signedOn.client, log }),
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

function retryOf(timing: WorkerTiming): { minMs: number; maxMs: number } {
  return { minMs: timing.retryMinMs, maxMs: timing.retryMaxMs }
}

function graceOf(options: WorkerOptions): { graceMs?: number } {
  const graceMs = options.limits?.graceMs
  return graceMs === undefined ? {} : { graceMs }
}

function signOnOptions(
  options: WorkerOptions,
  timing: WorkerTiming,
  signal: AbortSignal,
): SignOnOptions {
  return {
    managerUrl: options.managerUrl,
    home: options.home,
    name: options.name,
    taskTypes: options.taskTypes,
    canRestart: options.canRestart ?? false,
    softwareVersion,
    log: options.log,
    signal,
    retry: retryOf(timing),
  }
}

/** Moving files about the farm's storage takes a machine that sees it. */
async function possibleTaskTypes(options: WorkerOptions): Promise<readonly string[]> {
  const { taskTypes, managerUrl, storageMode, log } = options
  if (!taskTypes.includes('file-management') || storageMode === 'mounted') return taskTypes
  const location = await findJobsDir(createManagerClient({ url: managerUrl })).catch(
    () => undefined,
  )
  if (location === undefined || (storageMode !== 'pull' && (await isReadable(location)))) {
    return taskTypes
  }
  log.info({ location }, 'no shared storage here: no file-management tasks')
  return taskTypes.filter((type) => type !== 'file-management')
}

/** The state loop: each state acts until the manager wants another one. */
async function live(session: Session, identify: () => Promise<SignedOn>): Promise<WorkerEnd> {
  let status = session.signedOn.status
  while (!session.signal.aborted) {
    session.log.info({ status }, 'worker status')
    await tellStatus(session, status)
    const next = await (status === 'awake' ? work(session) : sleep(session))
    if (next === 'sign-on') {
      session.signedOn = await identify()
      await session.storage.close()
      session.storage = storageFor(session, session.signedOn, session.log)
      status = session.signedOn.status
      continue
    }
    if (next === 'stopped' || next === 'idle') return next
    status = next
    if (status === 'offline' || status === 'restart') {
      await tellStatus(session, status)
      return status
    }
  }
  return 'stopped'
}

type Next = WorkerStatus | 'stopped' | 'idle' | 'sign-on'

/** Asks for tasks and runs them, until told to take another state. */
async function work(session: Session): Promise<Next> {
  const { signal, timing, backoff } = session
  let refusals = 0
  while (!signal.aborted) {
    // The manager must know of the last task's end before it is asked for the next one.
    await session.outbox.drained(signal)
    const asked = performance.now()
    const answer = await askForTask(session)
    if (signal.aborted) break
    switch (answer?.status) {
      case 200: {
        backoff.reset()
        refusals = 0
        await runAssigned(session, answer.body)
        if (session.stopAfter) return 'stopped'
        continue
      }
      case 204: {
        backoff.reset()
        refusals = 0
        if (session.options.once) return 'idle'
        const wasHeld = performance.now() - asked > 1_000
        if (!wasHeld) await pause(jittered(timing.idleMs), signal)
        continue
      }
      case 423:
        backoff.reset()
        return answer.body.status_requested
      case 409:
        // The manager thinks the worker is not awake, e.g. because it was silent for a while.
        refusals += 1
        if (refusals > 3) return 'sign-on'
        await tellStatus(session, 'awake')
        await backoff.wait(signal)
        continue
      case 403:
        return 'sign-on'
      default:
        await backoff.wait(signal)
    }
  }
  return 'stopped'
}

async function askForTask({ signedOn, timing, signal, log, options }: Session) {
  // A worker that ends when idle has no use for a question that hangs.
  const waitSeconds = options.once ? 0 : timing.waitSeconds
  try {
    return await signedOn.client.request('scheduleTask', {
      headers: waitSeconds > 0 ? { 'X-Farm-Wait': String(waitSeconds) } : {},
      timeoutMs: (waitSeconds + 10) * 1000,
      signal,
    })
  } catch (error) {
    if (!signal.aborted) log.warn({ err: error }, 'no answer to question for a task')
    return undefined
  }
}

async function runAssigned(session: Session, task: AssignedTask): Promise<void> {
  const { options, outbox, previews } = session
  const log = session.log.child({ task: task.uuid, job: task.job })
  const abort = new AbortController()
  const over = new AbortController()
  session.running = { taskId: task.uuid, abort }
  const signal = AbortSignal.any([session.signal, abort.signal])
  log.info({ task_name: task.name }, 'task started')
  const watching = watchPermission({
    client: session.signedOn.client,
    taskId: task.uuid,
    log,
    signal: AbortSignal.any([signal, over.signal]),
    waitSeconds: session.timing.waitSeconds,
    pollMs: session.timing.mayIRunMs,
  }).then((refusal) => {
    if (refusal) abort.abort(new Error(refusal.reason))
  })
  const outcome = await runTask({
    task,
    reporter: createTaskReporter({ send: (update) => outbox.add(task.uuid, update) }),
    signal,
    guard: session.guard,
    limits: options.limits ?? {},
    env: { ...options.env, SHAMAN_FARM_TASK: task.uuid },
    log,
    imageSaved(image) {
      previews.offer({ taskId: task.uuid, ...image })
      if (session.stopAfter === 'frame') session.stop('now')
    },
    prepare: (tell) => session.storage.prepare(task, { signal, log, tell }),
  })
  over.abort()
  await watching
  session.running = undefined
  log.info({ outcome }, 'task ended')
}

/** Asks now and then whether it is time to wake up. */
async function sleep(session: Session): Promise<Next> {
  const { signal, signedOn, timing, backoff } = session
  while (!signal.aborted) {
    if (session.options.once) return 'idle'
    const asked = performance.now()
    const answer: { status: number; body: unknown } | undefined = await signedOn.client
      .request('workerState', {
        headers: { 'X-Farm-Wait': String(timing.waitSeconds) },
        timeoutMs: (timing.waitSeconds + 10) * 1000,
        signal,
      })
      .catch(() => undefined)
    if (signal.aborted) break
    switch (answer?.status) {
      case 200:
        backoff.reset()
        return (answer.body as { status_requested: WorkerStatus }).status_requested
      case 204: {
        backoff.reset()
        const wasHeld = performance.now() - asked > 1_000
        if (!wasHeld) await pause(jittered(timing.asleepMs), signal)
        continue
      }
      case 403:
        return 'sign-on'
      default:
        await backoff.wait(signal)
    }
  }
  return 'stopped'
}

async function tellStatus(session: Session, status: WorkerStatus): Promise<void> {
  const { signedOn, signal, log } = session
  try {
    await signedOn.client.workerStateChanged({ body: { status }, timeoutMs: 10_000, signal })
  } catch (error) {
    // Asking for work or state will show the disagreement again.
    if (!signal.aborted) log.warn({ err: error, status }, 'status not told')
  }
}

/** Whatever the manager says about a task is final, except that it cannot answer now. */
async function deliver(
  client: ManagerClient,
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

async function close(session: Session): Promise<void> {
  const { outbox, previews, guard, signedOn, timing, log } = session
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

function jittered(ms: number): number {
  return ms * (0.9 + Math.random() * 0.2)
}
