import type { Shaman } from '@shaman-farm/shaman'
import { backUp } from './db/backups.ts'
import { checkFile } from './db/check-file.ts'
import type { Farm } from './farm.ts'
import { archiveOldJobs } from './jobs/archive.ts'
import type { TaskRequests } from './scheduler/task-requests.ts'
import { giveUpSilentTasks, giveUpSilentWorkers } from './scheduler/timeouts.ts'
import { applySchedules } from './workers/worker-mgt.ts'

interface Works {
  requests: TaskRequests
  shaman: Shaman | undefined
  /** Called when the database turns out to be damaged; nothing it says may be acted on any more. */
  onDamage: (problem: string) => void
}

/** What the manager does by the clock. Each turn is on its own: one that fails is logged and tried again. */
export function startTimers(farm: Farm, { requests, shaman, onDamage }: Works): () => void {
  const timers: NodeJS.Timeout[] = []
  const every = (ms: number, name: string, work: () => void | Promise<void>): void => {
    if (ms <= 0) return
    timers.push(
      setInterval(async () => {
        try {
          await work()
        } catch (error) {
          farm.log.error({ err: error, work: name }, 'periodic work failed')
        }
      }, ms).unref(),
    )
  }
  every(5_000, 'timeouts', () => {
    giveUpSilentTasks(farm)
    giveUpSilentWorkers(farm, requests.waiting())
  })
  every(20_000, 'sleep schedules', () => applySchedules(farm))
  every(3_600_000, 'archive', () => archiveOldJobs(farm, shaman))
  every(farm.config.current.integrityCheckMs, 'database check', async () => {
    const problem = await checkFile(farm.config.current.databasePath)
    if (problem !== undefined) onDamage(problem)
  })
  let isBackingUp = false
  every(farm.config.current.backupPeriodMs, 'backup', async () => {
    if (isBackingUp) return
    isBackingUp = true
    await backUp(farm).finally(() => {
      isBackingUp = false
    })
  })
  return () => {
    for (const timer of timers) clearInterval(timer)
  }
}
