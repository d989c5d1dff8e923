import type { Frames } from '../../farm/frames-buffer.ts'
import type { FrameStatus } from '../../farm/wire.ts'
import type { GridLayout } from './layout.ts'

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
