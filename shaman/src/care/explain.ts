import type { FileBlobStore } from '../blobs/file-blob-store.ts'
import type { Digest } from '../digest.ts'
import { findForeignReferences } from '../gc/foreign.ts'
import type { PlanParts } from '../gc/gc-plan.ts'
import { defaultMaxAgeMs } from '../gc/sorter.ts'
import type { Layout } from '../layout.ts'

/** Where a blob stands with the collector. */
export interface Explanation {
  where: 'store' | 'trash' | 'nowhere'
  /** The checkouts that hold it. */
  checkouts: string[]
  /** All that keeps it, in the words of a plan; without any, the next collection by age takes it. */
  keptBy: ('referenced' | 'foreign' | 'pinned' | 'leased' | 'recent')[]
  /** In ms since 1970; 0 when nobody knows. */
  lastUse: number
}

type Parts = Pick<
  PlanParts,
  'index' | 'catalog' | 'protection' | 'references' | 'leaseMs' | 'now'
> & {
  blobs: Pick<FileBlobStore, 'isStored'>
  layout: Layout
  holders(digest: Digest): Promise<string[]>
}

/** Tells why a blob is kept, by the same questions that a collection asks. */
export async function explainBlob(parts: Parts, digest: Digest): Promise<Explanation> {
  const { blobs, index, protection, references, now } = parts
  const foreign = await findForeignReferences(parts.layout, parts.catalog)
  const checkouts = await parts.holders(digest)
  const lastUse = (index.getBlob(digest)?.lastUse ?? 0) * 1000
  const age = now() - lastUse
  const reasons = {
    referenced: references.has(digest),
    foreign: foreign.table.has(digest),
    pinned: protection.isPinned(digest),
    leased: protection.isLeased(digest) || age < parts.leaseMs,
    recent: age < defaultMaxAgeMs,
  }
  const isStored = blobs.isStored(digest)
  const isInTrash = index.getTrashed(digest) !== undefined
  const keptBy = (Object.keys(reasons) as (keyof typeof reasons)[]).filter((key) => reasons[key])
  const where = isStored ? 'store' : isInTrash ? 'trash' : 'nowhere'
  return { where, checkouts, keptBy: isStored ? keptBy : [], lastUse }
}
