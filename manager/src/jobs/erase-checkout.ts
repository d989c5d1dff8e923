import { isCode, type Shaman } from '@shaman-farm/shaman'
import type { Farm } from '../farm.ts'
import type { JobCore } from './jobs-store.ts'

/**
 * Erases the checkout of a job that no longer needs it. The id came from a client, so it is only looked up among the
 * checkouts the store has made, never used as a path; one that another job needs stays, and so does one that somebody
 * has pinned.
 */
export async function eraseCheckout(
  farm: Farm,
  shaman: Shaman | undefined,
  job: JobCore,
): Promise<void> {
  if (!shaman || !job.shaman_checkout_id) return
  if (farm.jobs.sharesCheckout(job) > 0) return
  if (!shaman.checkouts.get(job.shaman_checkout_id)) return
  try {
    await shaman.checkouts.erase(job.shaman_checkout_id)
  } catch (error) {
    if (!isCode(error, 'CHECKOUT_MISSING', 'CHECKOUT_PINNED', 'PATH_UNSAFE', 'ENOENT')) throw error
  }
}
