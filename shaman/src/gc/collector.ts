import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import type { FileBlobStore } from '../blobs/file-blob-store.ts'
import type { CheckoutCatalog } from '../checkouts/catalog.ts'
import type { Checkouts } from '../checkouts/checkouts.ts'
import type { Digest } from '../digest.ts'
import { nextTurn } from '../disk.ts'
import { ShamanError } from '../errors.ts'
import type { IndexDb } from '../index-db.ts'
import type { Layout } from '../layout.ts'
import type { Protection } from '../protection.ts'
import type { ReferenceTable } from '../references.ts'
import { readSentinel } from '../sentinel.ts'
import type { SpaceKeeper } from '../space.ts'
import type { Watch } from '../watches.ts'
import { type ForeignReferences, findForeignReferences } from './foreign.ts'
import type { BlobCount, GcPlan, GcRequest, PlannedGc } from './gc-plan.ts'
import { mayTake, type Safeguards } from './judge.ts'
import { makePlan } from './plan.ts'
import { epochName, type Trash, type TrashEpoch } from './trash.ts'

/** Collection of blobs nobody needs: planned, then applied, then undone if that was wrong. */
export interface Collector {
  plan(request?: GcRequest): Promise<GcPlan>
  /** A plan with what it would remove; throws `GC_PLAN_UNKNOWN` when it was applied, or is too old. */
  getPlanned(id: string): PlannedGc
  /**
   * Applies a plan. Every blob is judged again in the turn that takes it. A plan with a warning needs `evenIfLarge`;
   * `GC_REFUSED` when something makes it unsafe.
   */
  apply(id: string, options?: { evenIfLarge?: boolean }): Promise<GcResult>
  /** Brings back what a collection took, while it is in the trash. */
  undo(epoch: string): Promise<BlobCount>
  trash(): Promise<TrashEpoch[]>
  emptyTrash(olderThanMs?: number): Promise<BlobCount>
  /** How many blobs were taken since the start; an answer from before is stale when it has grown. */
  removals(): number
}

/** What a collection did. */
export interface GcResult {
  epoch: string
  removed: BlobCount
  /** In the plan, but protected by the time it came to them. */
  spared: BlobCount
  erased: string[]
}

/** What {@link createCollector} works with. */
export interface CollectorParts {
  layout: Layout
  storeId: string
  store: FileBlobStore
  index: IndexDb
  catalog: CheckoutCatalog
  checkouts: Checkouts
  references: ReferenceTable
  protection: Protection
  space: SpaceKeeper
  trash: Trash
  leaseMs: number
  /** The index knows the whole store. */
  ready(): Promise<void>
  /** Until then leases of before an unclean stop may still stand, and nothing is taken. */
  restUntil: number
  now: () => number
  log: Logger
}

const defaultTrashMs = 24 * 3600 * 1000
const planLifeMs = 24 * 3600 * 1000
const maxPlans = 8
const sliceLength = 48
const batchLength = 960

/** Creates the collector of a store. */
export function createCollector(parts: CollectorParts): Collector {
  const { catalog, protection, references, store, trash, now, log } = parts
  const plans = new Map<string, PlannedGc>()
  let running = false
  let removals = 0

  return {
    async plan(request = {}) {
      await requireSafe()
      const foreign = await findForeignReferences(parts.layout, catalog)
      const freeBytes = request.targetFreeBytes === undefined ? 0 : await freeInTheEnd()
      const planned = await makePlan({ ...parts, foreign, freeBytes }, request, newId())
      if (plans.size >= maxPlans) plans.delete(plans.keys().next().value!)
      plans.set(planned.plan.id, planned)
      return planned.plan
    },
    getPlanned,
    async apply(id, options = {}) {
      const planned = getPlanned(id)
      if (planned.plan.warning && !options.evenIfLarge) throw refused(planned.plan.warning)
      if (now() < parts.restUntil) {
        throw refused(
          'the server stopped uncleanly, and what it promised to keep may still be needed',
        )
      }
      if (running) throw refused('a collection is running')
      running = true
      try {
        await requireSafe()
        const result = await collect(planned)
        plans.delete(id)
        log.info({ ...result }, 'blobs collected')
        return result
      } finally {
        running = false
      }
    },
    async undo(epoch) {
      const restored = await trash.restoreAll(epoch)
      protection.lease(restored)
      log.info({ epoch, blobs: restored.length }, 'collection undone')
      return sum(restored)
    },
    trash: () => trash.epochs(),
    emptyTrash: (olderThanMs = defaultTrashMs) => trash.empty(olderThanMs),
    removals: () => removals,
  }

  function getPlanned(id: string): PlannedGc {
    const planned = plans.get(id)
    if (!planned || now() - planned.plan.created > planLifeMs) throw unknownPlan(id)
    return planned
  }

  // The trash counts as free: it takes its room until it is emptied, and until then every plan would want as much again.
  async function freeInTheEnd(): Promise<number> {
    const epochs = await trash.epochs()
    return epochs.reduce((sum, epoch) => sum + epoch.bytes, await parts.space.available())
  }

  async function requireSafe(): Promise<void> {
    await parts.ready()
    const sentinel = await readSentinel(parts.layout)
    if (sentinel?.id !== parts.storeId) throw refused('the store is not there; is it mounted?')
    if (catalog.unreadable.length > 0) {
      throw refused(`the manifest ${catalog.unreadable[0]} cannot be read`)
    }
  }

  async function collect({ plan, candidates }: PlannedGc): Promise<GcResult> {
    for (const path of plan.erase) await parts.checkouts.erase(path)
    const epoch = epochName(now(), newId())
    const watch = protection.watch()
    const removed: BlobCount = { blobs: 0, bytes: 0 }
    const spared: BlobCount = { blobs: 0, bytes: 0 }
    try {
      // After the watch: what is protected from here on is seen by it, what was before, by the tables.
      const foreign = await findForeignReferences(parts.layout, catalog)
      const guard = guardOf(watch, foreign)
      for (let at = 0; at < candidates.length; at += batchLength) {
        const taken: Digest[] = []
        const end = Math.min(at + batchLength, candidates.length)
        try {
          for (let i = at; i < end; i += 1) {
            if (i % sliceLength === sliceLength - 1) await nextTurn()
            const digest = candidates.at(i)
            if (sweep(epoch, digest, guard)) taken.push(digest)
            else add(spared, digest)
          }
        } finally {
          // Also when one could not be taken: the index must not know those that have gone.
          await trash.record(epoch, taken)
        }
        for (const digest of taken) add(removed, digest)
      }
    } finally {
      watch.stop()
    }
    return { epoch, removed, spared, erased: plan.erase }
  }

  function guardOf(watch: Watch, foreign: ForeignReferences): Safeguards {
    return {
      seen: watch.has,
      isPinned: protection.isPinned,
      isLeased: protection.isLeased,
      isReferenced: references.has,
      isForeign: foreign.table.has,
      isSettling: store.committer.isSettling,
    }
  }

  function sweep(epoch: string, digest: Digest, guard: Safeguards): boolean {
    if (!mayTake(digest, guard)) return false
    const stats = store.disk.lstatSync(parts.layout.blob(digest))
    // A second name for the same file is a checkout made of hard links.
    if (!stats?.isFile() || stats.nlink > 1) return false
    if (!trash.take(epoch, digest)) return false
    removals += 1
    return true
  }
}

function add(count: BlobCount, digest: Digest): void {
  count.blobs += 1
  count.bytes += digest.size
}

function sum(digests: readonly Digest[]): BlobCount {
  const count = { blobs: 0, bytes: 0 }
  for (const digest of digests) add(count, digest)
  return count
}

function newId(): string {
  return randomBytes(8).toString('hex')
}

function refused(reason: string): ShamanError {
  return new ShamanError('GC_REFUSED', `nothing is collected: ${reason}`)
}

function unknownPlan(id: string): ShamanError {
  return new ShamanError('GC_PLAN_UNKNOWN', `there is no plan ${id}, or it is too old`, {
    hint: 'Make a new plan.',
  })
}
