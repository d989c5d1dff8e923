import type { JobsQueryResult } from '@shaman-farm/manager-api'
import { createMemo } from 'solid-js'
import { usesOfCheckouts } from './checkout-jobs.ts'
import { useFarm } from './farm.tsx'
import { createRead } from './read.ts'
import {
  type CheckoutInfo,
  type CheckoutShares,
  type StoreSizes,
  type StoreStats,
  storePaths,
} from './store.ts'

export type Storage = ReturnType<typeof createStorage>

/** The store, its checkouts and the jobs that use them, followed as the farm changes. */
export function createStorage() {
  const farm = useFarm()
  const stats = createRead<StoreStats>(() => storePaths.stats, { soonMs: 2000, everyMs: 20_000 })
  const checkouts = createRead<{ checkouts: CheckoutInfo[] }>(() => storePaths.checkouts, {
    key: 'path',
    soonMs: 2000,
  })
  const shares = createRead<CheckoutShares>(() => storePaths.shares, { raw: true, everyMs: 60_000 })
  const sizes = createRead<StoreSizes>(() => storePaths.sizes, { raw: true, everyMs: 600_000 })
  const sharesByPath = createMemo(() => {
    const told = shares.data()
    return told && new Map(told.checkouts.map(({ path, share }) => [path, share]))
  })
  const jobs = createRead<JobsQueryResult>(() => '/jobs', { soonMs: 5000 })
  const uses = createMemo(() => usesOfCheckouts(jobs.data()?.jobs ?? []))
  const reload = (): void => {
    stats.reload()
    checkouts.reload()
    shares.reload()
  }
  farm.useTopic(() => 'storage')
  farm.on('job', () => {
    checkouts.reloadSoon()
    stats.reloadSoon()
    jobs.reloadSoon()
  })
  return {
    stats: stats.data,
    checkouts: () => checkouts.data()?.checkouts ?? [],
    /** What the pages need to show anything: both or neither. */
    data: () => (checkouts.data() ? stats.data() : undefined),
    /** Bytes by path; undefined until they are counted. */
    shares: sharesByPath,
    sizes: sizes.data,
    uses,
    error: () => stats.error() ?? checkouts.error(),
    reload,
    keptBecause(one: CheckoutInfo): string | undefined {
      if (one.pinned) return 'pinned'
      return uses().get(one.path)?.needed ? 'a job needs it' : undefined
    },
  }
}
