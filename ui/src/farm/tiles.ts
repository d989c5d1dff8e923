import { type HierarchyRectangularNode, hierarchy, treemap, treemapSquarify } from 'd3-hierarchy'

export interface Place {
  x: number
  y: number
  width: number
  height: number
}

export interface Sized {
  bytes: number
  /** Those of a group lie together. */
  group: string
}

interface Branch<T> {
  children: (Branch<T> | T)[]
}

/** Rectangles whose areas are as the bytes; nothing for what has none. */
export function layTiles<T extends Sized>(
  items: readonly T[],
  size: { width: number; height: number },
): (T & Place)[] {
  if (size.width <= 0 || size.height <= 0) return []
  const groups = new Map<string, T[]>()
  for (const item of items) {
    if (item.bytes > 0) groups.set(item.group, [...(groups.get(item.group) ?? []), item])
  }
  if (groups.size === 0) return []
  const root: Branch<T> = { children: [...groups.values()].map((children) => ({ children })) }
  const laid = treemap<Branch<T> | T>()
    .tile(treemapSquarify)
    .size([size.width, size.height])
    .paddingInner(2)
    .round(true)(
    hierarchy<Branch<T> | T>(root, (node) => ('children' in node ? node.children : undefined))
      .sum((node) => ('bytes' in node ? node.bytes : 0))
      .sort((a, b) => (b.value ?? 0) - (a.value ?? 0)),
  )
  return laid.leaves().flatMap(tileOf)
}

function tileOf<T extends Sized>(node: HierarchyRectangularNode<Branch<T> | T>): (T & Place)[] {
  if (!('bytes' in node.data)) return []
  const place = { x: node.x0, y: node.y0, width: node.x1 - node.x0, height: node.y1 - node.y0 }
  return [{ ...node.data, ...place }]
}

export type Arrow = 'ArrowLeft' | 'ArrowRight' | 'ArrowUp' | 'ArrowDown'

export function isArrow(key: string): key is Arrow {
  return key === 'ArrowLeft' || key === 'ArrowRight' || key === 'ArrowUp' || key === 'ArrowDown'
}

/** The nearest tile in a direction, for the arrow keys. */
export function neighbour<T extends Place>(
  tiles: readonly T[],
  from: T,
  direction: Arrow,
): T | undefined {
  const isSideways = direction === 'ArrowLeft' || direction === 'ArrowRight'
  const sign = direction === 'ArrowRight' || direction === 'ArrowDown' ? 1 : -1
  const center = (tile: Place) => ({ x: tile.x + tile.width / 2, y: tile.y + tile.height / 2 })
  const here = center(from)
  let best: { tile: T; distance: number } | undefined
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
