import { setTimeout as sleep } from 'node:timers/promises'
import { createManagerClient } from '@shaman-farm/manager-api'
import { createProgress, UserError } from '@shaman-farm/terminal'

const POLL_MS = 250
const PATIENCE_MS = 10 * 60_000

/** Waits until the job is done, with a bar of its steps. */
export async function waitForJob(options: {
  farm: string
  job: string
  say: (line: string) => void
}): Promise<void> {
  const manager = createManagerClient({ url: options.farm })
  const bar = createProgress('render', { unit: 'items' })
  const until = Date.now() + PATIENCE_MS
  try {
    for (;;) {
      const job = await manager.fetchJob({ params: { job_id: options.job } })
      bar.update(job.steps_completed, job.steps_total)
      if (job.status === 'completed') break
      if (job.status === 'failed' || job.status === 'canceled' || Date.now() > until) {
        throw new UserError(`The job is ${job.status}: ${job.activity}`, {
          code: 'JOB_FAILED',
          hint: await lastWords(options.farm, options.job),
        })
      }
      await sleep(POLL_MS)
    }
  } finally {
    bar.stop()
  }
  options.say('rendered')
}

async function lastWords(farm: string, job: string): Promise<string> {
  const manager = createManagerClient({ url: farm })
  const { tasks = [] } = await manager.fetchJobTasks({ params: { job_id: job } })
  const failed = tasks.find((task) => task.status === 'failed') ?? tasks[0]
  if (!failed) return 'The job has no tasks.'
  const log = await manager.fetchTaskLogTail({ params: { task_id: failed.id } })
  return `Log of task ${failed.name}:\n${log ?? '(empty)'}`
}
