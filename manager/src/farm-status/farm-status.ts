import type { FarmStatus } from '@shaman-farm/manager-api'
import type { Farm } from '../farm.ts'

export interface FarmFacts {
  awake: number
  asleep: number
  activeJobs: number
  queuedJobs: number
}

export function farmStatusOf(facts: FarmFacts): FarmStatus {
  if (facts.awake + facts.asleep === 0) return 'inoperative'
  if (facts.activeJobs > 0 && facts.awake > 0) return 'active'
  if (facts.activeJobs + facts.queuedJobs > 0) return 'waiting'
  return facts.awake === 0 ? 'asleep' : 'idle'
}

export interface FarmStatusKeeper {
  readonly status: FarmStatus
  close(): void
}

/** Looks again after every change that can matter, and now and then in case one was missed. */
export function keepFarmStatus(farm: Farm): FarmStatusKeeper {
  const query = farm.db.prepare<[], FarmFacts>(
    `SELECT
       (SELECT count(*) FROM workers WHERE deleted_at IS NULL AND status IN ('awake', 'starting', 'restart', 'testing')) AS awake,
       (SELECT count(*) FROM workers WHERE deleted_at IS NULL AND status = 'asleep') AS asleep,
       (SELECT count(*) FROM jobs WHERE status = 'active') AS activeJobs,
       (SELECT count(*) FROM jobs WHERE status = 'queued') AS queuedJobs`,
  )
  let status: FarmStatus = 'starting'
  let planned: NodeJS.Timeout | undefined

  const look = (): void => {
    planned = undefined
    const now = farmStatusOf(query.get()!)
    if (now === status) return
    status = now
    farm.publish({ kind: 'status', data: { status } })
  }
  const lookSoon = (): void => {
    planned ??= setTimeout(look, 100)
  }
  const stop = farm.events.subscribe(({ event }) => {
    if (event.kind === 'worker') lookSoon()
    if (event.kind === 'job' && event.data.previous_status !== undefined) lookSoon()
    if (event.kind === 'job' && event.data.was_deleted) lookSoon()
  })
  const timer = setInterval(look, 30_000)
  lookSoon()
  return {
    get status() {
      return status
    },
    close() {
      stop()
      clearInterval(timer)
      clearTimeout(planned)
    },
  }
}
