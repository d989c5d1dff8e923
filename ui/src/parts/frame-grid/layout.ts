export interface GridLayout {
  columns: number
  rows: number
  /** Side of a cell with its gap. */
  side: number
  gutter: number
  width: number
  height: number
}

const roundNumbers = [10, 20, 25, 50, 60, 100, 120, 150, 200, 250, 300, 400]
const comfortableHeight = 280
const smallestWithGlyph = 12

/**
 * Rows of a round number of frames, so that the number before a row says something: the longest that leave cells room
 * for a glyph, and of those the largest cells.
 */
export function layoutGrid(count: number, width: number, gutter = 48): GridLayout {
  const room = Math.max(60, width - gutter)
  for (let side = smallestWithGlyph; side > 6; side -= 1) {
    const layout = layoutWith(side)
    if (layout && layout.height <= comfortableHeight) return layout
  }
  return layoutWith(6)!

  function layoutWith(least: number): GridLayout | undefined {
    const fitting = roundNumbers.filter((columns) => columns * least <= room)
    const columns = Math.min(
      fitting.at(-1) ?? Math.max(1, Math.floor(room / least)),
      Math.max(1, count),
    )
    const side = Math.min(16, Math.floor(room / columns))
    const rows = Math.max(1, Math.ceil(count / columns))
    return { columns, rows, side, gutter, width: gutter + columns * side, height: rows * side }
  }
}

export function cellAt(
  layout: GridLayout,
  count: number,
  x: number,
  y: number,
): number | undefined {
  const column = Math.floor((x - layout.gutter) / layout.side)
  const row = Math.floor(y / layout.side)
  if (column < 0 || column >= layout.columns || row < 0 || row >= layout.rows) return undefined
  const index = row * layout.columns + column
  return index < count ? index : undefined
}

export function cellOrigin(layout: GridLayout, index: number): { x: number; y: number } {
  return {
    x: layout.gutter + (index % layout.columns) * layout.side,
    y: Math.floor(index / layout.columns) * layout.side,
  }
}
