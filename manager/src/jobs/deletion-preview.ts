import type { DeletionPreview } from '@shaman-farm/manager-api'
import type { Shaman } from '@shaman-farm/shaman'
import type { Farm } from '../farm.ts'
import { needJob } from '../http/lookup.ts'
import { FarmError } from '../problems.ts'
import { checkoutOf } from './erase-checkout.ts'

const maxJobs = 1_000

/** What would become free, and what others hold too; the same checkouts that a deletion would erase. */
export async function previewDeletion(
  farm: Farm,
  shaman: Shaman | undefined,
  uuids: readonly string[],
): Promise<DeletionPreview> {
  const distinct = [...new Set(uuids.map((uuid) => uuid.trim()).filter((uuid) => uuid !== ''))]
  if (distinct.length > maxJobs) {
    throw new FarmError('BAD_REQUEST', `At most ${maxJobs} jobs can be asked about at a time`)
  }
  const jobs = distinct.map((uuid) => needJob(farm, uuid))
  const doomed = new Set(jobs.map((job) => job.id))
  const checkouts = new Set(jobs.flatMap((job) => checkoutOf(shaman, job) ?? []))
  const erased = [...checkouts]
    .filter(({ pinned }) => !pinned)
    .map(({ path }) => path)
    .filter((path) => farm.jobs.ofCheckout(path).every((job) => doomed.has(job)))
  return {
    jobs: jobs.length,
    checkouts: erased.length,
    ...(await weigh(shaman, erased)),
  }
}

/** A blob goes when nobody but these checkouts references it; they may share it among themselves. */
async function weigh(
  shaman: Shaman | undefined,
  checkouts: readonly string[],
): Promise<{ frees_bytes: number; keeps_shared_bytes: number }> {
  const holders = new Map<string, { size: number; count: number }>()
  for (const id of checkouts) {
    const { files } = await shaman!.checkouts.manifest(id)
    for (const key of new Set(files.map(({ sha, size }) => `${sha} ${size}`))) {
      const [, size] = key.split(' ')
      const known = holders.get(key) ?? { size: Number(size), count: 0 }
      known.count += 1
      holders.set(key, known)
    }
  }
  let frees = 0
  let keeps = 0
  for (const [key, { size, count }] of holders) {
    const sha = key.slice(0, key.indexOf(' '))
    if (shaman!.references.count({ sha, size }) > count) keeps += size
    else frees += size
  }
  return { frees_bytes: frees, keeps_shared_bytes: keeps }
}
