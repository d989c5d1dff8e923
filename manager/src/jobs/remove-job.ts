import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Farm } from '../farm.ts'

const tasksAtOnce = 200

/**
 * Removes a job's tasks, with all that hangs on them, in small transactions: 100,000 of them at once would hold up
 * every request for seconds. What is left of the job afterwards goes with its row.
 */
export async function removeTasks(farm: Farm, job: number): Promise<void> {
  while (farm.transaction(() => farm.tasks.removeSome(job, tasksAtOnce)) > 0) await nextTurn()
}
