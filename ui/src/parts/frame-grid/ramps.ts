import { statusAt, timeScale } from '../../farm/frames-buffer.ts'
import type { Drawing, Palette } from './drawing.ts'
import { cellOrigin } from './layout.ts'
import { fill, fillByColor, frame, sizeOf } from './marks.ts'

/** How long each frame took, in logarithms; outliers are ringed. */
export function drawTimes(drawing: Drawing, cells: readonly number[]): void {
  const { frames, palette } = drawing
  const scale = timeScale(frames.durationMs)
  const colorOf = (cell: number): string | undefined => {
    const ms = frames.durationMs[cell]!
    return scale && !Number.isNaN(ms) ? rampColor(palette, scale.placeOf(ms)) : undefined
  }
  fillByColor(drawing, cells, colorOf)
  const outliers = scale ? cells.filter((cell) => scale.isOutlier(frames.durationMs[cell]!)) : []
  frame(drawing, outliers, palette.text, 1, 1)
}

/** Which frames one worker made, and which of them went wrong. */
export function drawWorkers(drawing: Drawing, cells: readonly number[]): void {
  const { frames, palette, highlight } = drawing
  fillByColor(drawing, cells, (cell) => {
    const worker = frames.worker[cell]!
    if (worker < 0) return undefined
    return worker === highlight ? palette.text : rampColor(palette, 0)
  })
  const theirs = cells.filter((cell) => frames.worker[cell] === highlight)
  for (const status of ['failed', 'soft-failed'] as const) {
    const troubled = theirs.filter((cell) => statusAt(frames, cell) === status)
    fill(drawing, troubled, palette.status[status], (size) => [2, 2, size - 4, size - 4])
  }
}

/** How often each frame was tried. */
export function drawAttempts(drawing: Drawing, cells: readonly number[]): void {
  const { ctx, layout, frames, palette } = drawing
  const size = sizeOf(layout)
  fillByColor(drawing, cells, (cell) => {
    const tries = frames.tries[cell]!
    return tries === 0 ? undefined : rampColor(palette, Math.min(1, (tries - 1) / 3))
  })
  if (size < 12) return
  ctx.font = `600 ${Math.floor(size * 0.7)}px system-ui, sans-serif`
  ctx.textAlign = 'center'
  ctx.textBaseline = 'middle'
  for (const cell of cells) {
    const tries = frames.tries[cell]!
    if (tries < 2) continue
    const { x, y } = cellOrigin(layout, cell)
    ctx.fillStyle = tries > 2 ? palette.surface : palette.text
    ctx.fillText(tries > 9 ? '+' : String(tries), x + size / 2, y + size / 2 + 0.5)
  }
}

function rampColor(palette: Palette, place: number): string {
  return palette.ramp[Math.round(place * (palette.ramp.length - 1))]!
}
