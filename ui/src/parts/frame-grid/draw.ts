import { type Frames, statusAt, timeScale } from '../../farm/frames-buffer.ts'
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

function drawStatuses(drawing: Drawing, cells: readonly number[]): void {
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

function drawTimes(drawing: Drawing, cells: readonly number[]): void {
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

function drawWorkers(drawing: Drawing, cells: readonly number[]): void {
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

function drawAttempts(drawing: Drawing, cells: readonly number[]): void {
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

/** A rectangle inside a cell: left, top, width, height. */
type Part = (size: number) => readonly [number, number, number, number]

const whole: Part = (size) => [0, 0, size, size]
/** Taken over, not made: the cell is a frame without its picture. */
const hollow: Part = (size) => {
  const inset = Math.max(2, Math.round(size * 0.25))
  return [inset, inset, size - 2 * inset, size - 2 * inset]
}

function sizeOf({ side }: GridLayout): number {
  return side - (side > 8 ? 2 : 1)
}

function fill(
  { ctx, layout }: Drawing,
  cells: readonly number[],
  color: string,
  part: Part = whole,
): void {
  const [left, top, width, height] = part(sizeOf(layout))
  ctx.fillStyle = color
  for (const cell of cells) {
    const { x, y } = cellOrigin(layout, cell)
    ctx.fillRect(x + left, y + top, width, height)
  }
}

/** Cells of a colour filled, those of none as outlines. */
function fillByColor(
  drawing: Drawing,
  cells: readonly number[],
  colorOf: (cell: number) => string | undefined,
): void {
  for (const [color, group] of groupBy(cells, colorOf)) {
    if (color === undefined) outline(drawing, group, drawing.palette.raised)
    else fill(drawing, group, color)
  }
}

/** Two rectangles: crisp at any zoom, and drawn faster than a stroke. */
function outline(drawing: Drawing, cells: readonly number[], color: string): void {
  fill(drawing, cells, color)
  fill(drawing, cells, drawing.palette.surface, (size) => [1, 1, size - 2, size - 2])
}

/** The edge of a cell over what is in it. */
function frame(
  drawing: Drawing,
  cells: readonly number[],
  color: string,
  wide: number,
  inset: number,
): void {
  const far = (size: number): number => size - inset - wide
  const long = (size: number): number => size - 2 * inset
  fill(drawing, cells, color, (size) => [inset, inset, long(size), wide])
  fill(drawing, cells, color, (size) => [inset, far(size), long(size), wide])
  fill(drawing, cells, color, (size) => [inset, inset, wide, long(size)])
  fill(drawing, cells, color, (size) => [far(size), inset, wide, long(size)])
}

/** Lines inside each cell, four numbers for each. */
function strokes(
  { ctx, layout }: Drawing,
  cells: readonly number[],
  color: string,
  linesOf: (size: number) => readonly number[],
): void {
  const lines = linesOf(sizeOf(layout))
  ctx.strokeStyle = color
  ctx.beginPath()
  for (const cell of cells) {
    const { x, y } = cellOrigin(layout, cell)
    for (let at = 0; at < lines.length; at += 4) {
      ctx.moveTo(x + lines[at]!, y + lines[at + 1]!)
      ctx.lineTo(x + lines[at + 2]!, y + lines[at + 3]!)
    }
  }
  ctx.stroke()
}

function mark(
  drawing: Drawing,
  cells: readonly number[],
  color: string,
  form: 'cross' | 'bang' | 'bars',
): void {
  const size = sizeOf(drawing.layout)
  if (size < 9) {
    // Too small for a glyph: a notch in the corner.
    const notch = Math.max(2, Math.floor(size / 3))
    fill(drawing, cells, color, () => [size - notch, 0, notch, notch])
    return
  }
  const inset = Math.round(size * 0.3)
  const far = size - inset
  const middle = size / 2
  drawing.ctx.lineWidth = size >= 13 ? 1.8 : 1.4
  const forms = {
    cross: [inset, inset, far, far, far, inset, inset, far],
    bars: [inset, inset, inset, far, far, inset, far, far],
    bang: [middle, inset - 1, middle, far - 2.5, middle, far - 0.5, middle, far + 1],
  }
  strokes(drawing, cells, color, () => forms[form])
}

function groupBy<K>(cells: readonly number[], keyOf: (cell: number) => K): Map<K, number[]> {
  const groups = new Map<K, number[]>()
  for (const cell of cells) {
    const key = keyOf(cell)
    const group = groups.get(key)
    if (group) group.push(cell)
    else groups.set(key, [cell])
  }
  return groups
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
