import type { JobOutputs } from '@shaman-farm/manager-api'

/** The files of some frames, given as `1,5-9`; ranges are compared, never listed, so their length does not matter. */
export function ofFrames({ video: _, ...outputs }: JobOutputs, frames: string): JobOutputs {
  const ranges = frames.split(',').map((part) => part.split('-').map(Number) as [number, number?])
  const isWanted = (frame: number | undefined): boolean =>
    frame !== undefined && ranges.some(([first, last = first]) => frame >= first && frame <= last)
  return { ...outputs, files: outputs.files.filter((file) => isWanted(file.frame)) }
}
