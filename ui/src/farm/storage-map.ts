import type { CheckoutInfo, StoreStats } from './store.ts'
import { layTiles, type Place, type Sized } from './tiles.ts'

export const mapModes = ['share', 'exclusive', 'referenced'] as const
export type MapMode = (typeof mapModes)[number]

/** What the map is drawn from. */
export interface MapParts {
  checkouts: readonly CheckoutInfo[]
  stats: StoreStats
  /** Bytes by path: each blob divided among its checkouts. */
  shares: ReadonlyMap<string, number>
  mode: MapMode
}

interface Leaf extends Sized {
  key: string
  label: string
  /** A checkout's path; the rectangles for the rest have none. */
  checkout: string | undefined
  /** Share of a checkout's bytes that only it holds: 0 all shared, 1 all its own. */
  exclusive: number
}

export type MapTile = Leaf & Place

const mostTiles = 800

/**
 * Rectangles for what lies on the disk. With what nothing references they add up to it: by the
 * checkouts' shares, or by what each holds alone and what several do.
 */
export function mapStorage(parts: MapParts, size: { width: number; height: number }): MapTile[] {
  return layTiles(leavesOf(parts), size)
}

function leavesOf({ checkouts, stats, shares, mode }: MapParts): Leaf[] {
  const bytesOf = (one: CheckoutInfo): number => {
    if (mode === 'referenced') return one.bytes
    // A checkout of a moment ago is in nobody's count yet.
    return (mode === 'share' ? shares.get(one.path) : undefined) ?? one.exclusiveBytes
  }
  const sorted = checkouts.toSorted((a, b) => bytesOf(b) - bytesOf(a))
  const leaves = sorted.slice(0, mostTiles).map(
    (one): Leaf => ({
      key: one.path,
      label: nameOf(one.path),
      group: groupOf(one.path),
      bytes: bytesOf(one),
      checkout: one.path,
      exclusive: one.bytes === 0 ? 0 : one.exclusiveBytes / one.bytes,
    }),
  )
  const rest = sorted.slice(mostTiles)
  if (rest.length > 0)
    leaves.push(extra('rest', `${rest.length} smaller checkouts`, sum(rest.map(bytesOf))))
  if (mode === 'exclusive') {
    const alone = sum(checkouts.map((one) => one.exclusiveBytes))
    leaves.push(extra('shared', 'shared by several', Math.max(0, stats.referencedBytes - alone)))
  }
  if (mode !== 'referenced') {
    leaves.push(
      extra('unreferenced', 'unreferenced', Math.max(0, stats.bytes - stats.referencedBytes)),
    )
  }
  return leaves
}

function extra(key: string, label: string, bytes: number): Leaf {
  return { key: `~${key}`, label, group: `~${key}`, bytes, checkout: undefined, exclusive: 0 }
}

function groupOf(path: string): string {
  const cut = path.indexOf('/')
  return cut < 0 ? '' : path.slice(0, cut)
}

function nameOf(path: string): string {
  return path.slice(path.indexOf('/') + 1)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0)
}
