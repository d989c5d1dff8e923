import type { Shaman } from '@shaman-farm/shaman'
import type { Farm } from '../farm.ts'
import { announceJob } from '../lifecycle/announce.ts'
import { changeJobStatus } from '../lifecycle/job-status.ts'
import { eraseCheckout } from './erase-checkout.ts'
import type { JobRecord } from './jobs-store.ts'
import { removeTasks } from './remove-job.ts'

export interface JobDeletions {
  /** Marks a job; the rest happens in the background, also after a restart. */
  request(job: JobRecord): void
  requestUpdatedUntil(time: number): number
  /** Resolves when nothing is left to delete, or what is left cannot be deleted now. */
  settle(): Promise<void>
  close(): Promise<void>
}

const retryMs = 60_000

/** Deletes jobs one by one. Rendered output and input that does not lie in Shaman stay where they are. */
export function createJobDeletions(farm: Farm, shaman: Shaman | undefined): JobDeletions {
  let running: Promise<void> | undefined
  let isClosed = false

  // A job that is marked while others are being deleted is not among those the round began with.
  let isAsked = false

  const run = async (): Promise<void> => {
    while (isAsked) {
      isAsked = false
      for (const job of farm.jobs.awaitingDeletion()) {
        if (isClosed) return
        await deleteJob(farm, shaman, job).catch((error: unknown) =>
          farm.log.error({ err: error, job: job.uuid }, 'job not deleted, will try again'),
        )
      }
    }
  }
  const start = (): void => {
    isAsked = true
    running ??= run().finally(() => {
      running = undefined
      // Asked for between the last look and this.
      if (isAsked && !isClosed) start()
    })
  }
  const timer = setInterval(start, retryMs)
  start()

  const mark = (job: JobRecord): void =>
    farm.transaction(() => {
      if (['active', 'queued', 'pause-requested'].includes(job.status)) {
        changeJobStatus(farm, job.id, 'cancel-requested', 'is being deleted')
      }
      farm.jobs.requestDelete(job.id, farm.now())
      farm.readiness.jobsChanged()
      announceJob(farm, farm.jobs.byId(job.id))
    })

  return {
    request(job) {
      mark(job)
      start()
    },
    requestUpdatedUntil(time) {
      const jobs = farm.jobs.updatedUntil(time)
      for (const job of jobs) mark(job)
      start()
      return jobs.length
    },
    async settle() {
      while (running) await running
    },
    async close() {
      isClosed = true
      clearInterval(timer)
      await running
    },
  }
}

async function deleteJob(farm: Farm, shaman: Shaman | undefined, job: JobRecord): Promise<void> {
  await eraseCheckout(farm, shaman, job)
  farm.logs.remove(job.uuid)
  const tasks = farm.tasks.activeOfJob(job.id)
  await removeTasks(farm, job.id)
  farm.transaction(() => {
    farm.jobs.remove(job.id)
    farm.readiness.jobsChanged()
    announceJob(farm, job, { wasDeleted: true })
    for (const task of tasks) farm.notify(`task:${task.id}`)
  })
  farm.log.info({ job: job.uuid, name: job.name }, 'job deleted')
}
