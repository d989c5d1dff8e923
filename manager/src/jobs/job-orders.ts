import type { JobStatus } from '@shaman-farm/manager-api'
import type { Farm } from '../farm.ts'
import { announceJob } from '../lifecycle/announce.ts'
import { changeJobStatus } from '../lifecycle/job-status.ts'
import { FarmError } from '../problems.ts'
import { refuseArchived } from './archive.ts'
import { canRequest, requestedStatus } from './job-rules.ts'
import type { JobCore } from './jobs-store.ts'

/** A person's word on a job. Requeueing it forgets who failed what and who was blocked. */
export function orderJobStatus(farm: Farm, job: JobCore, wish: JobStatus, reason: string): void {
  if (wish === job.status) return
  const to = requestedStatus(wish)
  if (!to || !canRequest(to, job.status)) {
    throw new FarmError('STATUS_NOT_ALLOWED', `A job that is ${job.status} cannot become ${wish}`, {
      hint: 'Jobs can be canceled and paused while there is something left to do, and requeued.',
    })
  }
  if (to === 'requeueing' || to === 'pause-requested') refuseArchived(job)
  farm.transaction(() => {
    if (to === 'requeueing') {
      farm.tasks.clearFailuresOfJob(job.id)
      farm.workers.clearBlocks(job.id)
    }
    changeJobStatus(farm, job.id, to, reason)
  })
}

export function setPriority(farm: Farm, job: JobCore, priority: number): void {
  farm.transaction(() => {
    farm.jobs.setPriority(job.id, priority, farm.now())
    farm.readiness.jobsChanged()
    announceJob(farm, farm.jobs.byId(job.id))
  })
}

/** The id wins over the name; neither means every worker may run the job. */
export function setTag(farm: Farm, job: JobCore, tag: { id?: string; name?: string }): void {
  farm.transaction(() => {
    farm.jobs.setTag(job.id, findTag(farm, tag), farm.now())
    farm.readiness.jobsChanged()
    farm.notify('ready')
    announceJob(farm, farm.jobs.byId(job.id))
  })
}

function findTag(farm: Farm, { id, name }: { id?: string; name?: string }): number | null {
  if (!id && !name) return null
  const found = id ? farm.tags.byUuid(id) : farm.tags.byName(name!)
  if (found) return found.id
  throw new FarmError('TAG_NOT_ASSIGNABLE', `There is no worker tag ${id ?? `"${name}"`}`)
}
