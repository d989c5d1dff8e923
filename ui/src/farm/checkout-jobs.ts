import type { Job } from '@shaman-farm/manager-api'

const finished = new Set(['completed', 'canceled', 'failed'])

export interface CheckoutUse {
  jobs: { id: string; name: string; status: string }[]
  /** A job that may still render needs the checkout. */
  needed: boolean
}

/** Which jobs were submitted with which checkout. */
export function usesOfCheckouts(jobs: readonly Job[]): Map<string, CheckoutUse> {
  const uses = new Map<string, CheckoutUse>()
  for (const job of jobs) {
    const path = job.storage?.shaman_checkout_id
    if (!path) continue
    const use = uses.get(path) ?? { jobs: [], needed: false }
    use.jobs.push({ id: job.id, name: job.name, status: job.status })
    use.needed ||= !finished.has(job.status)
    uses.set(path, use)
  }
  return uses
}
