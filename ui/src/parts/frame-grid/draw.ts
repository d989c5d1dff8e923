import type { Drawing, GridMode } from './drawing.ts'
import { fill, frame } from './marks.ts'
import { drawAttempts, drawTimes, drawWorkers } from './ramps.ts'
import { drawStatuses } from './statuses.ts'

/** Draws some cells, or all of them: cells of one look together, for a canvas is slow to change its style. */
export function drawCells(drawing: Drawing, indices?: Iterable<number>): void {
  const { ctx, layout, frames, palette, selected } = drawing
  const cells = [...(indices ?? frames.number.keys())]
  // Over what was there; the gap around a cell belongs to it.
  if (indices) fill(drawing, cells, palette.surface, () => [0, 0, layout.side, layout.side])
  else {
    ctx.fillStyle = palette.surface
    ctx.fillRect(layout.gutter, 0, layout.width - layout.gutter, layout.height)
  }
  drawModes[drawing.mode](drawing, cells)
  const chosen = selected.size === 0 ? [] : cells.filter((cell) => selected.has(cell))
  frame(drawing, chosen, palette.text, 2, 0)
}

const drawModes: Record<GridMode, (drawing: Drawing, cells: readonly number[]) => void> = {
  status: drawStatuses,
  time: drawTimes,
  worker: drawWorkers,
  attempts: drawAttempts,
}

/** Frame numbers before the rows, as many as have room. */
export function drawLabels(drawing: Drawing): void {
  const { ctx, layout, frames, palette } = drawing
  const every = Math.max(1, Math.ceil(13 / layout.side))
  ctx.fillStyle = palette.surface
  ctx.fillRect(0, 0, layout.gutter, layout.height)
  ctx.fillStyle = palette.strong
  ctx.font = '11px ui-monospace, "DejaVu Sans Mono", monospace'
  ctx.textAlign = 'right'
  ctx.textBaseline = 'middle'
  for (let row = 0; row < layout.rows; row += every) {
    const first = frames.number[row * layout.columns]
    ctx.fillText(String(first), layout.gutter - 8, row * layout.side + layout.side / 2 - 1)
  }
}
