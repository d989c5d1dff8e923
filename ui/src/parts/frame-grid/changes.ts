import type { Frames } from '../../farm/frames-buffer.ts'
import type { GridMode } from './drawing.ts'

/**
 * Which cells look another way now, in what the mode shows of them; undefined when all have to be drawn anew: the frames
 * are other ones, or what one cell looks like depends on the others.
 */
export function changedCells(before: Frames, after: Frames, mode: GridMode): number[] | undefined {
  if (before.count !== after.count || before.kind !== after.kind) return undefined
  if (mode === 'worker' && !isSameList(before.workers, after.workers)) return undefined
  const looksSame = looks[mode](before, after)
  const cells: number[] = []
  for (let at = 0; at < after.count; at += 1) {
    if (before.number[at] !== after.number[at]) return undefined
    if (!looksSame(at)) cells.push(at)
  }
  // The scale goes from the fastest to the slowest of all.
  return mode === 'time' && cells.length > 0 ? undefined : cells
}

const looks: Record<GridMode, (before: Frames, after: Frames) => (at: number) => boolean> = {
  status: (before, after) => (at) =>
    before.status[at] === after.status[at] && before.reused[at] === after.reused[at],
  time: (before, after) => (at) => Object.is(before.durationMs[at], after.durationMs[at]),
  worker: (before, after) => (at) =>
    before.worker[at] === after.worker[at] && before.status[at] === after.status[at],
  attempts: (before, after) => (at) => before.tries[at] === after.tries[at],
}

function isSameList(before: Frames['workers'], after: Frames['workers']): boolean {
  return before.length === after.length && before.every((worker, at) => worker.id === after[at]!.id)
}
