import type { Job } from '@shaman-farm/manager-api'

const finished = new Set(['completed', 'canceled', 'failed'])

export interface CheckoutUse {
  jobs: { id: string; name: string; status: string }[]
  /** A job that may still render needs the checkout. */
  needed: boolean
  /** When the last of its jobs changed. */
  updated: number
}

/** Which jobs were submitted with which checkout. */
export function usesOfCheckouts(jobs: readonly Job[]): Map<string, CheckoutUse> {
  const uses = new Map<string, CheckoutUse>()
  for (const job of jobs) {
    const path = job.storage?.shaman_checkout_id
    if (!path) continue
    const use = uses.get(path) ?? { jobs: [], needed: false, updated: 0 }
    use.jobs.push({ id: job.id, name: job.name, status: job.status })
    use.needed ||= !finished.has(job.status)
    use.updated = Math.max(use.updated, Date.parse(job.updated))
    uses.set(path, use)
  }
  return uses
}

/** When a checkout was last of use: when it was made, or when one of its jobs last changed. */
export function lastUseOf(
  checkout: { path: string; created: string },
  uses: ReadonlyMap<string, CheckoutUse>,
): number {
  return Math.max(Date.parse(checkout.created), uses.get(checkout.path)?.updated ?? 0)
}
