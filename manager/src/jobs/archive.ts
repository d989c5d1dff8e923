import { canDoToJob } from '@shaman-farm/manager-api'
import type { Shaman } from '@shaman-farm/shaman'
import type { Farm } from '../farm.ts'
import { announceJob } from '../lifecycle/announce.ts'
import { FarmError } from '../problems.ts'
import { eraseCheckout } from './erase-checkout.ts'
import type { JobCore } from './jobs-store.ts'

/**
 * Gives up a finished job's input: its checkout goes, so that what only it needed can be collected. What it rendered,
 * its logs and its history stay. One that was archived before stays as it is. Throws STATUS_NOT_ALLOWED for a job that may
 * still need it.
 */
export async function archiveJob(
  farm: Farm,
  shaman: Shaman | undefined,
  job: JobCore,
): Promise<void> {
  if (job.archived_at !== null) return
  if (!canDoToJob('archive', job.status)) {
    throw new FarmError('STATUS_NOT_ALLOWED', `A job that is ${job.status} cannot be archived`, {
      hint: 'Only completed, canceled and failed jobs can; cancel it first.',
    })
  }
  // First, so that nobody queues it again while its files go.
  farm.transaction(() => {
    farm.jobs.archive(job.id, farm.now())
    announceJob(farm, farm.jobs.byId(job.id))
  })
  await eraseCheckout(farm, shaman, job)
  farm.log.info({ job: job.uuid, name: job.name }, 'job archived')
}

/** By the policy `checkout_expiry`: jobs that have been finished for so long; and what an earlier turn left behind. */
export async function archiveOldJobs(farm: Farm, shaman: Shaman | undefined): Promise<void> {
  const { checkoutExpiryMs } = farm.config.current
  if (checkoutExpiryMs > 0) {
    for (const job of farm.jobs.finishedUntil(farm.now() - checkoutExpiryMs)) {
      await archiveJob(farm, shaman, job)
    }
  }
  for (const job of farm.jobs.archivedWithCheckout()) await eraseCheckout(farm, shaman, job)
}

/** Throws when there is nothing left that the job could be run with. */
export function refuseArchived(job: JobCore): void {
  if (job.archived_at === null) return
  throw new FarmError('STATUS_NOT_ALLOWED', `${job.name} is archived: its files are gone`, {
    hint: 'Submit it again; what the store still has is not sent again.',
  })
}
