import type { Drawing } from './drawing.ts'
import { cellOrigin, type GridLayout } from './layout.ts'

/** A rectangle inside a cell: left, top, width, height. */
export type Part = (size: number) => readonly [number, number, number, number]

export const whole: Part = (size) => [0, 0, size, size]
/** Taken over, not made: the cell is a frame without its picture. */
export const hollow: Part = (size) => {
  const inset = Math.max(2, Math.round(size * 0.25))
  return [inset, inset, size - 2 * inset, size - 2 * inset]
}

export function sizeOf({ side }: GridLayout): number {
  return side - (side > 8 ? 2 : 1)
}

export function fill(
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
export function fillByColor(
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
export function outline(drawing: Drawing, cells: readonly number[], color: string): void {
  fill(drawing, cells, color)
  fill(drawing, cells, drawing.palette.surface, (size) => [1, 1, size - 2, size - 2])
}

/** The edge of a cell over what is in it. */
export function frame(
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
export function strokes(
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

export function mark(
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

export function groupBy<K>(cells: readonly number[], keyOf: (cell: number) => K): Map<K, number[]> {
  const groups = new Map<K, number[]>()
  for (const cell of cells) {
    const key = keyOf(cell)
    const group = groups.get(key)
    if (group) group.push(cell)
    else groups.set(key, [cell])
  }
  return groups
}
