import { backUp } from './db/backups.ts'
import type { Farm } from './farm.ts'
import type { TaskRequests } from './scheduler/task-requests.ts'
import { giveUpSilentTasks, giveUpSilentWorkers } from './scheduler/timeouts.ts'
import { applySchedules } from './workers/worker-mgt.ts'

/** What the manager does by the clock. Each turn is on its own: one that fails is logged and tried again. */
export function startTimers(farm: Farm, requests: TaskRequests): () => void {
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
