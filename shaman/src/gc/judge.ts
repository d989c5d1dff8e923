import type { Digest } from '../digest.ts'

/** What may stand between a blob and its collection; every question is answered in the turn that asks. */
export interface Safeguards {
  /** Became pinned or leased since the collection began. */
  seen(digest: Digest): boolean
  isPinned(digest: Digest): boolean
  isLeased(digest: Digest): boolean
  /** Named by a checkout's manifest. */
  isReferenced(digest: Digest): boolean
  /** Linked from a checkout that has no manifest of ours. */
  isForeign(digest: Digest): boolean
  /** Being published. */
  isSettling(digest: Digest): boolean
}

/**
 * The last look at a blob. It is taken away in the same turn of the event loop, so nothing can come to need it in between, and
 * no tombstone has to keep anyone out meanwhile.
 */
export function mayTake(digest: Digest, guard: Safeguards): boolean {
  return !(
    guard.seen(digest) ||
    guard.isPinned(digest) ||
    guard.isLeased(digest) ||
    guard.isReferenced(digest) ||
    guard.isForeign(digest) ||
    guard.isSettling(digest)
  )
}
