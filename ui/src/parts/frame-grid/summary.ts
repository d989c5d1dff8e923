import { formatDuration } from '../../farm/format.ts'
import { type Frames, isTrouble, statusAt } from '../../farm/frames-buffer.ts'

/** A cell in one sentence: `Frame 1064, failed on node-03 after 41s, 3 attempts`. */
export function sayCell(frames: Frames, index: number): string {
  const noun = frames.kind === 'frames' ? 'Frame' : 'Task'
  const worker = frames.workers[frames.worker[index]!]?.name
  const ms = frames.durationMs[index]!
  const tries = frames.tries[index]!
  const status = statusAt(frames, index)
  return [
    `${noun} ${frames.number[index]}, ${status}`,
    worker ? ` on ${worker}` : '',
    Number.isNaN(ms) ? '' : ` after ${formatDuration(ms)}`,
    frames.reused[index] ? ', reused from an earlier job' : '',
    tries > 1 ? `, ${tries} attempts` : '',
  ].join('')
}

export function troubleIndices(frames: Frames): number[] {
  return [...frames.number.keys()].filter((index) => isTrouble(frames, index))
}

/** Median of the known render times. */
export function medianMs(frames: Frames): number | undefined {
  const known = frames.durationMs.filter((ms) => ms > 0).sort()
  return known.length === 0 ? undefined : known[Math.floor(known.length / 2)]
}

/** The step most frames are apart, for telling ranges of every second frame. */
export function stepOf(frames: Frames): number {
  return frames.count > 1 ? Math.max(1, frames.number[1]! - frames.number[0]!) : 1
}
