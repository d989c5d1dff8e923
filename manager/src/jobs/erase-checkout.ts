import { type CheckoutSummary, isCode, type Shaman } from '@shaman-farm/shaman'
import type { Farm } from '../farm.ts'
import type { JobCore } from './jobs-store.ts'

/**
 * The checkout that a job was submitted with, if it is still there. The id came from a client, so it is only looked up
 * among the checkouts the store has made, never used as a path. An archived job's is gone, so one of that name that was
 * made later is somebody else's, who may be about to submit a job for it.
 */
export function checkoutOf(
  shaman: Shaman | undefined,
  { shaman_checkout_id: id, archived_at: archived }: JobCore,
): CheckoutSummary | undefined {
  const checkout = id ? shaman?.checkouts.get(id) : undefined
  return checkout && archived !== null && checkout.created > archived ? undefined : checkout
}

/** Erases the checkout of a job that no longer needs it, unless another job does, or somebody has pinned it. */
export async function eraseCheckout(
  farm: Farm,
  shaman: Shaman | undefined,
  job: JobCore,
): Promise<void> {
  if (!shaman || !checkoutOf(shaman, job) || farm.jobs.sharesCheckout(job) > 0) return
  try {
    await shaman.checkouts.erase(job.shaman_checkout_id)
  } catch (error) {
    if (!isCode(error, 'CHECKOUT_MISSING', 'CHECKOUT_PINNED', 'PATH_UNSAFE', 'ENOENT')) throw error
  }
}
