import { type HierarchyRectangularNode, hierarchy, treemap, treemapSquarify } from 'd3-hierarchy'
import type { CheckoutInfo, StoreStats } from './store.ts'

export type MapMode = 'disk' | 'referenced'

export interface MapTile {
  key: string
  label: string
  bytes: number
  /** A checkout's path; the two rectangles for the rest have none. */
  checkout: string | undefined
  group: string
  /** Share of a checkout's bytes that only it holds: 0 all shared, 1 all its own. */
  exclusive: number
  x: number
  y: number
  width: number
  height: number
}

interface Leaf {
  key: string
  label: string
  group: string
  bytes: number
  checkout?: string
  exclusive: number
}

interface Branch {
  key: string
  children: (Branch | Leaf)[]
}

const mostTiles = 800

/**
 * Rectangles for what lies on the disk. In the mode `disk` they add up to it: what each checkout
 * holds alone, what several share, and what nothing references.
 */
export function mapStorage(
  checkouts: readonly CheckoutInfo[],
  stats: StoreStats,
  mode: MapMode,
  size: { width: number; height: number },
): MapTile[] {
  if (size.width <= 0 || size.height <= 0) return []
  const root: Branch = { key: '', children: groupsOf(leavesOf(checkouts, stats, mode)) }
  const laid = treemap<Branch | Leaf>()
    .tile(treemapSquarify)
    .size([size.width, size.height])
    .paddingInner(2)
    .round(true)(
    hierarchy<Branch | Leaf>(root, (node) => ('children' in node ? node.children : undefined))
      .sum((node) => ('bytes' in node ? node.bytes : 0))
      .sort((a, b) => (b.value ?? 0) - (a.value ?? 0)),
  )
  return laid.leaves().flatMap(tileOf)
}

function leavesOf(checkouts: readonly CheckoutInfo[], stats: StoreStats, mode: MapMode): Leaf[] {
  const bytesOf = (one: CheckoutInfo): number => (mode === 'disk' ? one.exclusiveBytes : one.bytes)
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
  if (mode === 'disk') {
    const alone = sum(checkouts.map((one) => one.exclusiveBytes))
    leaves.push(extra('shared', 'shared by several', Math.max(0, stats.referencedBytes - alone)))
    leaves.push(
      extra('unreferenced', 'unreferenced', Math.max(0, stats.bytes - stats.referencedBytes)),
    )
  }
  return leaves.filter((leaf) => leaf.bytes > 0)
}

function extra(key: string, label: string, bytes: number): Leaf {
  return { key: `~${key}`, label, group: `~${key}`, bytes, exclusive: 0 }
}

function groupsOf(leaves: readonly Leaf[]): Branch[] {
  const groups = new Map<string, Leaf[]>()
  for (const leaf of leaves) groups.set(leaf.group, [...(groups.get(leaf.group) ?? []), leaf])
  return [...groups].map(([key, children]) => ({ key, children }))
}

function tileOf(node: HierarchyRectangularNode<Branch | Leaf>): MapTile[] {
  if (!('bytes' in node.data)) return []
  const { key, label, group, bytes, checkout, exclusive } = node.data
  const place = { x: node.x0, y: node.y0, width: node.x1 - node.x0, height: node.y1 - node.y0 }
  return [{ key, label, group, bytes, checkout, exclusive, ...place }]
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

/** The nearest tile in a direction, for the arrow keys. */
export function neighbour(
  tiles: readonly MapTile[],
  from: MapTile,
  direction: 'ArrowLeft' | 'ArrowRight' | 'ArrowUp' | 'ArrowDown',
): MapTile | undefined {
  const isSideways = direction === 'ArrowLeft' || direction === 'ArrowRight'
  const sign = direction === 'ArrowRight' || direction === 'ArrowDown' ? 1 : -1
  const center = (tile: MapTile) => ({ x: tile.x + tile.width / 2, y: tile.y + tile.height / 2 })
  const here = center(from)
  let best: { tile: MapTile; distance: number } | undefined
  for (const tile of tiles) {
    const there = center(tile)
    const along = (isSideways ? there.x - here.x : there.y - here.y) * sign
    if (tile === from || along <= 0) continue
    // Straight ahead beats near but aside.
    const across = Math.abs(isSideways ? there.y - here.y : there.x - here.x)
    const distance = along + across * 2
    if (!best || distance < best.distance) best = { tile, distance }
  }
  return best?.tile
}
