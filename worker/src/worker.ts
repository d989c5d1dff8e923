import type { WorkerClient } from '@shaman-farm/manager-api/worker-client'
import { type SignedOn, type SignOnOptions, signOn } from './identity.ts'
import { findJobsDir, isReadable } from './mount-free/storage.ts'
import { defaultTiming, retryOf, type WorkerOptions, type WorkerTiming } from './options.ts'
import { openOutbox } from './outbox.ts'
import { closeSession, createSession, openCache, type StopWhen } from './session.ts'
import { live, type WorkerEnd } from './states.ts'
import { softwareVersion } from './version.ts'

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
  const identify = (): Promise<SignedOn> => signOn(signOnOptions(options, timing, stopping.signal))
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
  const ended = live(session, identify).finally(() => closeSession(session))
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

function signOnOptions(
  options: WorkerOptions,
  timing: WorkerTiming,
  signal: AbortSignal,
): SignOnOptions {
  return {
    managerUrl: options.managerUrl,
    home: options.home,
    name: options.name,
    token: options.token,
    taskTypes: options.taskTypes,
    possibleTaskTypes: (client) => possibleTaskTypes(options, client),
    canRestart: options.canRestart ?? false,
    softwareVersion,
    log: options.log,
    signal,
    retry: retryOf(timing),
  }
}

/** Moving files about the farm's storage takes a machine that sees it. */
async function possibleTaskTypes(
  { taskTypes, storageMode, log }: WorkerOptions,
  client: WorkerClient,
): Promise<readonly string[]> {
  if (!taskTypes.includes('file-management') || storageMode === 'mounted') return taskTypes
  const location = await findJobsDir(client).catch(() => undefined)
  if (location === undefined || (storageMode !== 'pull' && (await isReadable(location)))) {
    return taskTypes
  }
  log.info({ location }, 'no shared storage here: no file-management tasks')
  return taskTypes.filter((type) => type !== 'file-management')
}
