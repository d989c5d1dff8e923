import type { CheckoutCatalog } from '../checkouts/catalog.ts'
import type { IndexDb } from '../index-db.ts'
import type { Protection } from '../protection.ts'
import type { ReferenceTable } from '../references.ts'
import type { DigestList } from './digest-list.ts'
import type { ForeignReferences } from './foreign.ts'

/** What to collect. */
export interface GcRequest {
  /** Collect what was not used for this long. Default 31 days, as Flamenco. */
  maxAgeMs?: number
  /** Collect the longest unused until this much of the volume is free once the trash is emptied, whatever its age. */
  targetFreeBytes?: number
  /** Erase these checkouts first, and collect what only they used. */
  erase?: readonly string[]
}

/** A number of blobs and their bytes. */
export interface BlobCount {
  blobs: number
  bytes: number
}

/** What a collection would do, and why the rest stays. */
export interface GcPlan {
  id: string
  created: number
  request: GcRequest
  total: BlobCount
  kept: {
    referenced: BlobCount
    /** Linked from checkouts without a manifest of ours. */
    foreign: BlobCount
    pinned: BlobCount
    leased: BlobCount
    recent: BlobCount
  }
  removed: BlobCount
  remaining: BlobCount
  /** The checkouts that would free most if they went. */
  referencedBy: { path: string; bytes: number; exclusiveBytes: number }[]
  erase: string[]
  /** Why {@link GcPlan} may only be applied on purpose. */
  warning?: string
}

/** A plan with what it would remove. */
export interface PlannedGc {
  plan: GcPlan
  candidates: DigestList
}

/** What a plan is made from. */
export interface PlanParts {
  index: IndexDb
  catalog: CheckoutCatalog
  references: ReferenceTable
  protection: Protection
  foreign: ForeignReferences
  leaseMs: number
  now: () => number
  /** Also what is in the trash. */
  freeBytes: number
}
