import { type Frames, statusAt, type TimeScale, timeScale } from '../../farm/frames-buffer.ts'
import type { FrameStatus } from '../../farm/wire.ts'
import { cellOrigin, type GridLayout } from './layout.ts'

export const gridModes = ['status', 'time', 'worker', 'attempts'] as const
export type GridMode = (typeof gridModes)[number]

/** Colours as the page resolved them; read again when the theme changes. */
export interface Palette {
  surface: string
  text: string
  raised: string
  strong: string
  white: string
  status: Record<FrameStatus, string>
  /** From little to much. */
  ramp: readonly string[]
}

export interface Drawing {
  ctx: CanvasRenderingContext2D
  layout: GridLayout
  frames: Frames
  palette: Palette
  mode: GridMode
  /** Index of the worker shown bright in the worker mode. */
  highlight: number
  selected: ReadonlySet<number>
}

/** Draws some cells, or all of them. Every cell clears its own square first. */
export function drawCells(drawing: Drawing, indices?: Iterable<number>): void {
  const scale = drawing.mode === 'time' ? timeScale(drawing.frames.durationMs) : undefined
  for (const index of indices ?? drawing.frames.number.keys()) drawCell(drawing, index, scale)
}

function drawCell(drawing: Drawing, index: number, scale: TimeScale | undefined): void {
  const { ctx, layout, palette } = drawing
  const { x, y } = cellOrigin(layout, index)
  const gap = layout.side > 8 ? 2 : 1
  const size = layout.side - gap
  ctx.fillStyle = palette.surface
  ctx.fillRect(x, y, layout.side, layout.side)
  ctx.save()
  ctx.translate(x, y)
  if (drawing.mode === 'status') {
    drawStatus(ctx, size, statusAt(drawing.frames, index), palette)
    if (drawing.frames.reused[index]) hollow(ctx, size, palette.surface)
  } else if (drawing.mode === 'time') drawTime(drawing, index, size, scale)
  else if (drawing.mode === 'worker') drawWorker(drawing, index, size)
  else drawAttempts(drawing, index, size)
  if (drawing.selected.has(index)) {
    ctx.strokeStyle = palette.text
    ctx.lineWidth = 2
    ctx.strokeRect(0, 0, size, size)
  }
  ctx.restore()
}

function drawStatus(
  ctx: CanvasRenderingContext2D,
  size: number,
  status: FrameStatus,
  palette: Palette,
): void {
  const color = palette.status[status]
  if (status === 'queued' || status === 'waiting' || status === 'canceled') {
    outline(ctx, size, color)
    if (status === 'canceled') stroke(ctx, color, [1, size - 1, size - 1, 1])
    return
  }
  ctx.fillStyle = color
  if (status === 'skipped') {
    ctx.fillRect(0, Math.floor(size / 2), size, Math.ceil(size / 2))
    return
  }
  if (status === 'active') {
    // A stepped top edge: running shows by its form too.
    ctx.fillRect(0, Math.max(1, Math.round(size * 0.2)), size, size - Math.round(size * 0.2))
    ctx.fillRect(Math.round(size * 0.4), 0, size - Math.round(size * 0.4), size)
    return
  }
  ctx.fillRect(0, 0, size, size)
  if (status === 'failed') mark(ctx, size, palette.white, 'cross')
  if (status === 'soft-failed') mark(ctx, size, '#14171c', 'bang')
  if (status === 'paused' && size >= 9) mark(ctx, size, palette.surface, 'bars')
}

function drawTime(
  { ctx, frames, palette }: Drawing,
  index: number,
  size: number,
  scale: TimeScale | undefined,
): void {
  const ms = frames.durationMs[index]!
  if (!scale || Number.isNaN(ms)) {
    outline(ctx, size, palette.raised)
    return
  }
  ctx.fillStyle = rampColor(palette, scale.placeOf(ms))
  ctx.fillRect(0, 0, size, size)
  if (scale.isOutlier(ms)) {
    ctx.strokeStyle = palette.text
    ctx.lineWidth = 1
    ctx.strokeRect(1.5, 1.5, size - 3, size - 3)
  }
}

function drawWorker(drawing: Drawing, index: number, size: number): void {
  const { ctx, frames, palette, highlight } = drawing
  const worker = frames.worker[index]!
  if (worker < 0) {
    outline(ctx, size, palette.raised)
    return
  }
  if (worker === highlight) {
    ctx.fillStyle = palette.text
    ctx.fillRect(0, 0, size, size)
    const status = statusAt(drawing.frames, index)
    if (status === 'failed' || status === 'soft-failed') {
      ctx.fillStyle = palette.status[status]
      ctx.fillRect(2, 2, size - 4, size - 4)
    }
    return
  }
  ctx.fillStyle = rampColor(palette, 0)
  ctx.fillRect(0, 0, size, size)
}

function drawAttempts({ ctx, frames, palette }: Drawing, index: number, size: number): void {
  const tries = frames.tries[index]!
  if (tries === 0) {
    outline(ctx, size, palette.raised)
    return
  }
  ctx.fillStyle = rampColor(palette, Math.min(1, (tries - 1) / 3))
  ctx.fillRect(0, 0, size, size)
  if (size >= 12 && tries > 1) {
    ctx.fillStyle = tries > 2 ? palette.surface : palette.text
    ctx.font = `600 ${Math.floor(size * 0.7)}px system-ui, sans-serif`
    ctx.textAlign = 'center'
    ctx.textBaseline = 'middle'
    ctx.fillText(tries > 9 ? '+' : String(tries), size / 2, size / 2 + 0.5)
  }
}

/** Taken over, not made: the cell is a frame without its picture. */
function hollow(ctx: CanvasRenderingContext2D, size: number, color: string): void {
  const inset = Math.max(2, Math.round(size * 0.25))
  ctx.fillStyle = color
  ctx.fillRect(inset, inset, size - 2 * inset, size - 2 * inset)
}

function outline(ctx: CanvasRenderingContext2D, size: number, color: string): void {
  ctx.strokeStyle = color
  ctx.lineWidth = 1
  ctx.strokeRect(0.5, 0.5, size - 1, size - 1)
}

function stroke(ctx: CanvasRenderingContext2D, color: string, path: readonly number[]): void {
  ctx.strokeStyle = color
  ctx.beginPath()
  for (let at = 0; at < path.length; at += 4) {
    ctx.moveTo(path[at]!, path[at + 1]!)
    ctx.lineTo(path[at + 2]!, path[at + 3]!)
  }
  ctx.stroke()
}

function mark(
  ctx: CanvasRenderingContext2D,
  size: number,
  color: string,
  form: 'cross' | 'bang' | 'bars',
): void {
  if (size < 9) {
    // Too small for a glyph: a notch in the corner.
    const notch = Math.max(2, Math.floor(size / 3))
    ctx.fillStyle = color
    ctx.fillRect(size - notch, 0, notch, notch)
    return
  }
  const inset = Math.round(size * 0.3)
  const far = size - inset
  ctx.lineWidth = size >= 13 ? 1.8 : 1.4
  const middle = size / 2
  if (form === 'cross') stroke(ctx, color, [inset, inset, far, far, far, inset, inset, far])
  if (form === 'bars') stroke(ctx, color, [inset, inset, inset, far, far, inset, far, far])
  if (form === 'bang')
    stroke(ctx, color, [middle, inset - 1, middle, far - 2.5, middle, far - 0.5, middle, far + 1])
}

function rampColor(palette: Palette, place: number): string {
  return palette.ramp[Math.round(place * (palette.ramp.length - 1))]!
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
