import type { Logger } from 'pino'
import type { IdleTime } from './idle-time.ts'

/**
 * What a workstation's worker does while somebody uses the machine: holds still what it runs and goes on later, gives it
 * back to the farm, or only takes no more.
 */
export type Yielding = 'pause' | 'stop' | 'finish'

/** Whether somebody uses this machine. */
export interface Presence {
  readonly how: Yielding
  readonly isHere: boolean
  /** Calls at each change; answers how to end that. */
  watch(onChange: (isHere: boolean) => void): () => void
  close(): void
}

export interface PresenceOptions {
  how: Yielding
  idleTime: IdleTime
  /** Nobody touched anything for so long: nobody is here. */
  quietMs: number
  everyMs?: number
  log: Logger
}

/** Resolves once it is known whether somebody is here. Where nobody can tell, nobody is. */
export async function watchPresence(options: PresenceOptions): Promise<Presence> {
  const { how, idleTime, quietMs, everyMs = 3_000, log } = options
  const watchers = new Set<(isHere: boolean) => void>()
  let isHere = false
  let isClosed = false
  let timer: NodeJS.Timeout | undefined

  async function look(): Promise<void> {
    const idleMs = await idleTime().catch((error: unknown) => {
      log.debug({ err: error }, 'not known whether somebody is here')
      return undefined
    })
    if (isClosed) return
    const before = isHere
    isHere = idleMs !== undefined && idleMs < quietMs
    if (isHere !== before) {
      log.info(isHere ? 'somebody uses this machine' : 'nobody uses this machine any more')
      for (const onChange of watchers) onChange(isHere)
    }
    timer = setTimeout(() => void look(), everyMs).unref()
  }
  if ((await idleTime().catch(() => undefined)) === undefined) {
    log.warn(
      'this machine does not tell when it is used: set user_idle_command to yield to its user',
    )
  }
  await look()
  return {
    how,
    get isHere() {
      return isHere
    },
    watch(onChange) {
      watchers.add(onChange)
      return () => void watchers.delete(onChange)
    },
    close() {
      isClosed = true
      clearTimeout(timer)
    },
  }
}
