import type { Shaman } from '@shaman-farm/shaman'
import { backUp } from './db/backups.ts'
import { checkFile } from './db/check-file.ts'
import { forgetOldHistory } from './db/history.ts'
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

/**
 * What the manager does by the clock. Each turn is on its own: one that fails is logged and tried again, one that lasts
 * makes the next ones wait. To stop waits for what is being done: it uses what is closed afterwards.
 */
export function startTimers(
  farm: Farm,
  { requests, shaman, onDamage }: Works,
): () => Promise<void> {
  const timers: NodeJS.Timeout[] = []
  const running = new Map<string, Promise<void>>()
  const turn = async (name: string, work: () => unknown): Promise<void> => {
    try {
      await work()
    } catch (error) {
      farm.log.error({ err: error, work: name }, 'periodic work failed')
    } finally {
      running.delete(name)
    }
  }
  const begin = (name: string, work: () => unknown): void => {
    if (running.has(name)) return
    running.set(
      name,
      Promise.resolve().then(() => turn(name, work)),
    )
  }
  const every = (ms: number, name: string, work: () => unknown): void => {
    if (ms > 0) timers.push(setInterval(() => begin(name, work), ms).unref())
  }
  every(5_000, 'timeouts', () => {
    giveUpSilentTasks(farm)
    giveUpSilentWorkers(farm, requests.waiting())
  })
  every(20_000, 'sleep schedules', () => applySchedules(farm))
  every(3_600_000, 'archive', () => archiveOldJobs(farm, shaman))
  // At once, too: a manager may be stopped every evening.
  begin('history', () => forgetOldHistory(farm))
  every(3_600_000, 'history', () => forgetOldHistory(farm))
  every(farm.config.current.integrityCheckMs, 'database check', async () => {
    const problem = await checkFile(farm.config.current.databasePath)
    if (problem !== undefined) onDamage(problem)
  })
  every(farm.config.current.backupPeriodMs, 'backup', () => backUp(farm))
  return async () => {
    for (const timer of timers) clearInterval(timer)
    await Promise.all(running.values())
  }
}
