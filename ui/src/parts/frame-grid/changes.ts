import type { Frames } from '../../farm/frames-buffer.ts'

/** Which cells look another way now; undefined when the frames are not the same ones any more. */
export function changedCells(before: Frames, after: Frames): number[] | undefined {
  if (before.count !== after.count || before.kind !== after.kind) return undefined
  if (before.workers.length !== after.workers.length) return undefined
  const cells: number[] = []
  for (let at = 0; at < after.count; at += 1) {
    if (before.number[at] !== after.number[at]) return undefined
    const isSame =
      before.status[at] === after.status[at] &&
      before.worker[at] === after.worker[at] &&
      before.tries[at] === after.tries[at] &&
      before.reused[at] === after.reused[at] &&
      Object.is(before.durationMs[at], after.durationMs[at])
    if (!isSame) cells.push(at)
  }
  return cells
}
