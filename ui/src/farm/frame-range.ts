/** Frames in Blender's own range syntax: `1061, 1064-1067`. Frames must be sorted and unique. */
export function formatFrames(frames: readonly number[], step = 1): string {
  const parts: string[] = []
  let start = 0
  for (let index = 1; index <= frames.length; index += 1) {
    if (index < frames.length && frames[index]! - frames[index - 1]! === step) continue
    const first = frames[start]!
    const last = frames[index - 1]!
    parts.push(
      first === last
        ? `${first}`
        : last - first === step
          ? `${first}, ${last}`
          : `${first}-${last}`,
    )
    start = index
  }
  return parts.join(', ')
}

/** Reads `1, 3-5` back; undefined when the text is no frame range. */
export function parseFrames(text: string): number[] | undefined {
  const frames = new Set<number>()
  for (const part of text.split(',')) {
    const match = /^\s*(-?\d+)\s*(?:-\s*(-?\d+))?\s*$/.exec(part)
    if (!match) return undefined
    const first = Number(match[1])
    const last = match[2] === undefined ? first : Number(match[2])
    if (last < first || last - first > 1_000_000) return undefined
    for (let frame = first; frame <= last; frame += 1) frames.add(frame)
  }
  return [...frames].sort((a, b) => a - b)
}
