/** Blender's own upper bound is 1,048,574; a longer list is a mistake or an attack. */
const maxFrames = 1_100_000

/**
 * The distinct frames of a range text, ascending: `1, 3-5, 10..12`. White space is ignored; a reversed range holds no
 * frame. Throws on anything else.
 */
export function parseFrames(range: unknown): number[] {
  const text = String(range ?? '').replace(/\s+/g, '')
  if (text === '') throw new Error('the frame range is empty')
  const frames = new Set<number>()
  for (const part of text.split(',')) addPart(frames, part, text)
  return Array.from(frames).sort((a, b) => a - b)
}

/** Frames as text: runs of three or more become `a-b`, everything else is listed. */
export function formatFrames(frames: readonly number[]): string {
  const parts: string[] = []
  let start = 0
  while (start < frames.length) {
    let end = start
    while (end + 1 < frames.length && frames[end + 1] === frames[end]! + 1) end += 1
    if (end - start >= 2) parts.push(`${frames[start]}-${frames[end]}`)
    else for (let i = start; i <= end; i++) parts.push(String(frames[i]))
    start = end + 1
  }
  return parts.join(',')
}

export function frameChunker(range: unknown, size: unknown): string[] {
  const frames = parseFrames(range)
  const perChunk = Math.trunc(Number(size))
  if (!(perChunk >= 1)) throw new Error(`the chunk size must be at least 1, not ${String(size)}`)
  const chunks: string[] = []
  for (let i = 0; i < frames.length; i += perChunk) {
    chunks.push(formatFrames(frames.slice(i, i + perChunk)))
  }
  return chunks
}

export function frameCount(range: unknown): number {
  return parseFrames(range).length
}

function addPart(frames: Set<number>, part: string, whole: string): void {
  const match = /^(\d{1,9})(?:(?:-|\.\.)(\d{1,9}))?$/.exec(part)
  if (!match) throw new Error(`"${part.slice(0, 80)}" is no frame or frame range`)
  const first = Number(match[1])
  const last = match[2] === undefined ? first : Number(match[2])
  if (last - first + frames.size > maxFrames) {
    throw new Error(`the frame range "${whole.slice(0, 80)}" has more than ${maxFrames} frames`)
  }
  for (let frame = first; frame <= last; frame++) frames.add(frame)
}
