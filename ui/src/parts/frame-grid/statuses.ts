import { statusAt } from '../../farm/frames-buffer.ts'
import type { FrameStatus } from '../../farm/wire.ts'
import type { Drawing } from './drawing.ts'
import { fill, groupBy, hollow, mark, outline, sizeOf, strokes } from './marks.ts'

/** What each frame is, by colour and by form. */
export function drawStatuses(drawing: Drawing, cells: readonly number[]): void {
  const { frames, palette } = drawing
  for (const [status, group] of groupBy(cells, (cell) => statusAt(frames, cell))) {
    drawStatus(drawing, group, status)
  }
  const reused = cells.filter((cell) => frames.reused[cell])
  fill(drawing, reused, palette.surface, hollow)
}

function drawStatus(drawing: Drawing, cells: readonly number[], status: FrameStatus): void {
  const { palette } = drawing
  const color = palette.status[status]
  if (status === 'queued' || status === 'waiting' || status === 'canceled') {
    outline(drawing, cells, color)
    if (status === 'canceled') strokes(drawing, cells, color, (size) => [1, size - 1, size - 1, 1])
    return
  }
  if (status === 'skipped') {
    fill(drawing, cells, color, (size) => [0, Math.floor(size / 2), size, Math.ceil(size / 2)])
    return
  }
  if (status === 'active') {
    // A stepped top edge: running shows by its form too.
    fill(drawing, cells, color, (size) => {
      const step = Math.round(size * 0.2)
      return [0, Math.max(1, step), size, size - step]
    })
    fill(drawing, cells, color, (size) => {
      const step = Math.round(size * 0.4)
      return [step, 0, size - step, size]
    })
    return
  }
  fill(drawing, cells, color)
  if (status === 'failed') mark(drawing, cells, palette.white, 'cross')
  if (status === 'soft-failed') mark(drawing, cells, '#14171c', 'bang')
  if (status === 'paused' && sizeOf(drawing.layout) >= 9)
    mark(drawing, cells, palette.surface, 'bars')
}
