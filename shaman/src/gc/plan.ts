import type { CheckoutSummary } from '../checkouts/catalog.ts'
import { readDigest, readSize } from '../digest.ts'
import { ShamanError } from '../errors.ts'
import { digestAt } from '../index-db.ts'
import { distinctDigests } from '../manifest.ts'
import type { BlobCount, GcPlan, GcRequest, PlannedGc, PlanParts } from './gc-plan.ts'
import { createSorter } from './sorter.ts'

const maxRatio = 0.2
const fewBlobs = 1000
const shownCheckouts = 20

/** Reads the whole index once, in digest order, and sorts every blob into what keeps it or the candidates. */
export async function makePlan(
  parts: PlanParts,
  request: GcRequest,
  id: string,
): Promise<PlannedGc> {
  const erased = await countErased(parts, request)
  const plan = emptyPlan(parts, request, id)
  const sorter = createSorter(parts, request, erased)
  // Most blobs are referenced by more than is erased, whatever that is: of those nothing is read but the key.
  const mostErased = request.erase?.length ?? 0
  for await (const page of parts.index.blobKeys()) {
    const doubtful: Buffer[] = []
    for (const key of page) {
      const size = readSize(key, digestAt)
      add(plan.total, { size })
      if (parts.references.countAt(key, digestAt) <= mostErased) doubtful.push(key)
      else add(plan.kept.referenced, { size })
    }
    if (doubtful.length === 0) continue
    const lastUses = await parts.index.lastUses(doubtful)
    for (const [i, key] of doubtful.entries()) {
      const digest = readDigest(key, digestAt)
      const reason = sorter.keeps(digest, lastUses[i]! * 1000)
      if (reason) add(plan.kept[reason], digest)
    }
  }
  const { candidates, kept } = await sorter.choose()
  plan.kept.recent.blobs += kept.blobs
  plan.kept.recent.bytes += kept.bytes
  plan.removed = { blobs: candidates.length, bytes: candidates.bytes }
  plan.remaining = {
    blobs: plan.total.blobs - plan.removed.blobs,
    bytes: plan.total.bytes - plan.removed.bytes,
  }
  if (plan.removed.blobs > fewBlobs && plan.removed.blobs > plan.total.blobs * maxRatio) {
    plan.warning = `more than ${maxRatio * 100} % of all blobs would go`
  }
  return { plan, candidates }
}

/** How many of the checkouts to be erased reference each of their blobs. */
async function countErased(parts: PlanParts, request: GcRequest): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  for (const path of request.erase ?? []) {
    const summary = parts.catalog.get(path)
    if (!summary) throw noSuchCheckout(path)
    if (summary.pinned) throw new ShamanError('CHECKOUT_PINNED', `the checkout ${path} is pinned`)
    const { files } = await parts.catalog.manifest(path)
    for (const { sha } of distinctDigests(files)) counts.set(sha, (counts.get(sha) ?? 0) + 1)
  }
  return counts
}

function emptyPlan(parts: PlanParts, request: GcRequest, id: string): GcPlan {
  const none = (): BlobCount => ({ blobs: 0, bytes: 0 })
  return {
    id,
    created: parts.now(),
    request,
    total: none(),
    kept: {
      referenced: none(),
      foreign: none(),
      pinned: none(),
      leased: none(),
      recent: none(),
    },
    removed: none(),
    remaining: none(),
    referencedBy: largestCheckouts(parts),
    erase: [...(request.erase ?? [])],
  }
}

function largestCheckouts({ catalog, references }: PlanParts): GcPlan['referencedBy'] {
  const exclusive = (summary: CheckoutSummary): number => references.exclusiveBytes(summary.seq)
  return catalog
    .list()
    .sort((a, b) => exclusive(b) - exclusive(a))
    .slice(0, shownCheckouts)
    .map((summary) => ({
      path: summary.path,
      bytes: summary.bytes,
      exclusiveBytes: exclusive(summary),
    }))
}

function add(count: BlobCount, { size }: { size: number }): void {
  count.blobs += 1
  count.bytes += size
}

function noSuchCheckout(path: string): ShamanError {
  return new ShamanError('CHECKOUT_MISSING', `there is no checkout at ${JSON.stringify(path)}`)
}
