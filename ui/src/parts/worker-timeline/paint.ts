import type { Bar, TimelineRow } from './rows.ts'

export const rowHeight = 24

/** Draws every bar of the span; a worker's absence is hatched. */
export function paint(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
  rows: readonly TimelineRow[],
  xOf: (time: number) => number,
): void {
  const ctx = canvas.getContext('2d')
  if (!ctx) return
  const style = colorsOf(canvas)
  const ratio = window.devicePixelRatio || 1
  canvas.width = Math.ceil(width * ratio)
  canvas.height = Math.ceil(height * ratio)
  canvas.style.width = `${width}px`
  canvas.style.height = `${height}px`
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0)
  for (const [place, { bars, away }] of rows.entries()) {
    const y = place * rowHeight + 5
    if (away !== undefined) hatch(ctx, Math.max(0, xOf(away)), y, width, style.canceled)
    for (const bar of bars) {
      const from = Math.max(-2, xOf(bar.start))
      const to = Math.min(width, bar.end === undefined ? width : xOf(bar.end))
      if (to < 0 || from > width) continue
      const wide = Math.max(1, to - from - 1)
      ctx.fillStyle = style[bar.tone]
      ctx.fillRect(from, y, wide, rowHeight - 10)
      if (bar.tone === 'failed' && wide > 10) cross(ctx, from + Math.min(wide / 2, 8), y + 7)
    }
  }
}

function hatch(
  ctx: CanvasRenderingContext2D,
  from: number,
  y: number,
  to: number,
  color: string,
): void {
  ctx.save()
  ctx.beginPath()
  ctx.rect(from, y, to - from, rowHeight - 10)
  ctx.clip()
  ctx.strokeStyle = color
  ctx.beginPath()
  for (let x = from - rowHeight; x < to; x += 6) {
    ctx.moveTo(x, y + rowHeight)
    ctx.lineTo(x + rowHeight, y)
  }
  ctx.stroke()
  ctx.restore()
}

function cross(ctx: CanvasRenderingContext2D, x: number, y: number): void {
  ctx.strokeStyle = '#ffffff'
  ctx.lineWidth = 1.4
  ctx.beginPath()
  ctx.moveTo(x - 2.5, y - 2.5)
  ctx.lineTo(x + 2.5, y + 2.5)
  ctx.moveTo(x + 2.5, y - 2.5)
  ctx.lineTo(x - 2.5, y + 2.5)
  ctx.stroke()
}

function colorsOf(host: HTMLElement): Record<Bar['tone'], string> {
  const before = host.style.color
  const read = (name: string): string => {
    host.style.color = `var(--${name})`
    return getComputedStyle(host).color
  }
  const colors = {
    active: read('active'),
    completed: read('completed'),
    failed: read('failed'),
    canceled: read('canceled'),
  }
  host.style.color = before
  return colors
}
