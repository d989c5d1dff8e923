import type {
  BlobCount,
  CheckoutDiff,
  CheckoutInfo,
  CheckoutManifest,
  CheckoutShares,
  GcPlan,
  GcResult,
  QuarantinedBlob,
  ScrubStatus,
  StoreSizes,
  StoreStats,
  TrashEpoch,
} from '@shaman-farm/shaman/schemas'
import { call, type RequestOptions } from './api.ts'

export type {
  BlobCount,
  CheckoutDiff,
  CheckoutInfo,
  CheckoutManifest,
  CheckoutShares,
  GcPlan,
  GcResult,
  QuarantinedBlob,
  ScrubStatus,
  StoreSizes,
  StoreStats,
  TrashEpoch,
}

const base = '/shaman/x'

export const storePaths = {
  stats: `${base}/stats`,
  checkouts: `${base}/checkouts`,
  checkout: (path: string) => `${base}/checkouts/${encodeURIComponent(path)}`,
  manifest: (path: string) => `${base}/checkouts/${encodeURIComponent(path)}/manifest`,
  diff: (path: string) => `${base}/checkouts/${encodeURIComponent(path)}/diff`,
  holders: (sha: string, size: string) => `${base}/blobs/${sha}/${size}/checkouts`,
  blob: (sha: string, size: number) => `/api/v3${base}/blobs/${sha}/${size}`,
  sizes: `${base}/sizes`,
  shares: `${base}/shares`,
  planCsv: (id: string) => `/api/v3${base}/gc/plans/${id}/csv`,
  trash: `${base}/gc/trash`,
  scrub: `${base}/scrub`,
  quarantine: `${base}/quarantine`,
}

export function planCollection(
  request: { maxAgeSeconds?: number; erase?: readonly string[] },
  signal?: AbortSignal,
): Promise<GcPlan> {
  return post(`${base}/gc/plans`, request, { signal })
}

export function applyCollection(id: string, evenIfLarge: boolean): Promise<GcResult> {
  return post(`${base}/gc/plans/${id}/apply`, { evenIfLarge }, { timeoutMs: 600_000 })
}

export function undoCollection(epoch: string): Promise<BlobCount> {
  return post(`${base}/gc/trash/${encodeURIComponent(epoch)}/undo`, undefined, {
    timeoutMs: 600_000,
  })
}

export function emptyTrash(): Promise<BlobCount> {
  // All of it: without an age only what is older than a day goes.
  const query = { olderThanSeconds: 0 }
  return call(storePaths.trash, { method: 'DELETE', query, timeoutMs: 600_000 })
}

export function pinCheckout(path: string, pinned: boolean): Promise<CheckoutInfo> {
  return call(`${storePaths.checkout(path)}/pin`, { method: 'PUT', body: { pinned } })
}

export function startScrub(): Promise<ScrubStatus> {
  return post(`${storePaths.scrub}/start`, {})
}

export function stopScrub(): Promise<ScrubStatus> {
  return post(`${storePaths.scrub}/stop`, undefined)
}

function post<T>(path: string, body: unknown, options: RequestOptions = {}): Promise<T> {
  return call<T>(path, { ...options, method: 'POST', ...(body === undefined ? {} : { body }) })
}

/** The checkout of the same project made before this one: its name but for version and time. */
export function previousOf(
  path: string,
  checkouts: readonly Pick<CheckoutInfo, 'path' | 'created'>[],
): string | undefined {
  const own = checkouts.find((one) => one.path === path)
  if (!own) return undefined
  const earlier = checkouts.filter(
    (one) => one.created < own.created && familyOf(one.path) === familyOf(path),
  )
  return earlier.toSorted((a, b) => b.created.localeCompare(a.created))[0]?.path
}

function familyOf(path: string): string {
  return path.replace(/\d{8}-\d{6}$/, '').replace(/[_-]?v?\d+$/i, '')
}

/** Address of a checkout's page; its path may hold slashes. */
export function checkoutHref(path: string): string {
  return `/storage/checkouts/${path.split('/').map(encodeURIComponent).join('/')}`
}
