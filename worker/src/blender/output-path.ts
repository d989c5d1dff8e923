import { readdir } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join } from 'node:path'

/** The path of a frame without what Blender puts behind: view suffix and extension. */
export function frameStem(output: string, frame: number): string {
  const name = basename(output)
  const digits = [...name.matchAll(/#+/g)].at(-1)
  const text = (width: number): string => String(frame).padStart(width, '0')
  const stem = digits
    ? name.slice(0, digits.index) +
      text(digits[0].length) +
      name.slice(digits.index + digits[0].length)
    : name + text(4)
  return join(dirname(output), stem)
}

export interface FrameFiles {
  frame: number
  files: string[]
}

/** The files already there for these frames; none when the output path is not absolute. */
export async function existingFrames(
  output: string,
  frames: readonly number[],
): Promise<FrameFiles[]> {
  if (!isAbsolute(output)) return []
  const names = await readdir(dirname(output)).catch(() => [])
  if (names.length === 0) return []
  return frames
    .map((frame) => ({
      frame,
      files: names
        .filter((name) => isOfStem(name, basename(frameStem(output, frame))))
        .map((name) => join(dirname(output), name)),
    }))
    .filter(({ files }) => files.length > 0)
}

/** Whether a saved file is this frame's: its stem, perhaps a view suffix, perhaps an extension. */
export function isFileOfFrame(file: string, output: string, frame: number): boolean {
  const name = file.split(/[\\/]/).at(-1) ?? ''
  return isOfStem(name, basename(frameStem(output.replaceAll('\\', '/'), frame)))
}

function isOfStem(name: string, stem: string): boolean {
  if (!name.startsWith(stem)) return false
  return /^(_[^.\d][^.]*)?(\.\w+)?$/.test(name.slice(stem.length))
}
