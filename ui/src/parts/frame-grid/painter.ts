import {
  type Accessor,
  createEffect,
  createMemo,
  createSignal,
  on,
  onCleanup,
  onMount,
} from 'solid-js'
import type { Frames } from '../../farm/frames-buffer.ts'
import { changedCells } from './changes.ts'
import { drawCells, drawLabels } from './draw.ts'
import type { Drawing, GridMode } from './drawing.ts'
import { type GridLayout, layoutGrid } from './layout.ts'
import { onThemeChange, readPalette } from './palette.ts'

export interface Painted {
  frames: Frames
  /** Cells changed in place since `frames` was last another object. */
  changed: readonly number[]
  mode: GridMode
  highlight: number
  chosen: ReadonlySet<number>
}

export interface Painter {
  layout: Accessor<GridLayout>
  /** Takes the elements once they are there. */
  mount(host: HTMLElement, canvas: HTMLCanvasElement): void
}

/** Keeps a canvas showing the frames: all of it when the look changes, else only what differs. */
export function createPainter(props: Painted): Painter {
  const [elements, setElements] = createSignal<{ host: HTMLElement; canvas: HTMLCanvasElement }>()
  const [width, setWidth] = createSignal(0)
  const [theme, setTheme] = createSignal(0)
  const layout = createMemo<GridLayout>(() => layoutGrid(props.frames.count, width()))
  const palette = createMemo(() => {
    theme()
    const host = elements()?.host
    return host && width() > 0 ? readPalette(host) : undefined
  })
  /** What the canvas shows now. */
  let shown: Frames | undefined
  let waiting: Set<number> | undefined

  onMount(() => onCleanup(onThemeChange(() => setTheme((n) => n + 1))))
  createEffect(
    on([layout, palette, () => props.mode, () => props.highlight, () => props.chosen], paintAll),
  )
  createEffect(
    on(
      () => props.frames,
      (frames) => {
        const cells = shown && changedCells(shown, frames, props.mode)
        if (cells) paintSoon(cells)
        else paintAll()
      },
      { defer: true },
    ),
  )
  createEffect(on(() => props.changed, paintSoon, { defer: true }))

  return {
    layout,
    mount(host, canvas) {
      const observer = new ResizeObserver(([entry]) =>
        setWidth(Math.floor(entry!.contentRect.width)),
      )
      observer.observe(host)
      onCleanup(() => observer.disconnect())
      setElements({ host, canvas })
    },
  }

  function paintAll(): void {
    const drawing = drawingOf()
    const canvas = elements()?.canvas
    if (!drawing || !canvas) return
    const ratio = window.devicePixelRatio || 1
    const { width, height } = drawing.layout
    canvas.width = Math.ceil(width * ratio)
    canvas.height = Math.ceil(height * ratio)
    canvas.style.width = `${width}px`
    canvas.style.height = `${height}px`
    drawing.ctx.setTransform(ratio, 0, 0, ratio, 0, 0)
    drawLabels(drawing)
    drawCells(drawing)
    remember()
  }

  /** Changes that come within one frame of the screen are drawn together. */
  function paintSoon(cells: readonly number[]): void {
    if (!waiting) {
      waiting = new Set()
      requestAnimationFrame(() => {
        const due = waiting ?? new Set()
        waiting = undefined
        const drawing = drawingOf()
        if (!drawing) return
        drawCells(
          drawing,
          [...due].filter((cell) => cell < drawing.frames.count),
        )
        remember()
      })
    }
    for (const cell of cells) waiting.add(cell)
  }

  function remember(): void {
    // Events change the statuses in place, so what was drawn needs a copy of them.
    shown = { ...props.frames, status: props.frames.status.slice() }
  }

  function drawingOf(): Drawing | undefined {
    const colors = palette()
    const ctx = elements()?.canvas.getContext('2d')
    if (!colors || !ctx) return undefined
    const { frames, mode, highlight, chosen } = props
    return { ctx, palette: colors, layout: layout(), frames, mode, highlight, selected: chosen }
  }
}
