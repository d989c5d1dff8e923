/** What a Blender command line asks for, as far as it says so itself. */
export interface RenderRequest {
  /** Ascending; undefined when the .blend file decides or the frames are relative to its range. */
  frames?: readonly number[]
  /** `--render-output`, with its `#`s. */
  output?: string
  scene?: string
  format?: string
  /** Frames go into one movie instead of files of their own. */
  isMovie: boolean
}

const movieFormats = new Set([
  'FFMPEG',
  'AVIRAW',
  'AVIJPEG',
  'AVI_RAW',
  'AVI_JPEG',
  'MPEG',
  'FRAMESERVER',
])
const maxFrames = 1_000_000

/** Reads the options left to right, as Blender acts on them. */
export function parseRenderArguments(args: readonly string[]): RenderRequest {
  const request: RenderRequest = { isMovie: false }
  const frames = new Set<number>()
  let isKnown = true
  let start: number | undefined
  let end: number | undefined
  let step = 1
  const take = (found: readonly number[] | undefined): void => {
    if (!found) isKnown = false
    for (const frame of found ?? []) frames.add(frame)
  }
  for (let i = 0; i < args.length; i++) {
    const value = args[i + 1] ?? ''
    switch (args[i]) {
      case '-f':
      case '--render-frame':
        take(parseFrameList(value))
        i += 1
        break
      case '-a':
      case '--render-anim':
        take(start === undefined || end === undefined ? undefined : range(start, end, step))
        break
      case '-s':
      case '--frame-start':
        start = parseFrame(value)
        i += 1
        break
      case '-e':
      case '--frame-end':
        end = parseFrame(value)
        i += 1
        break
      case '-j':
      case '--frame-jump':
        step = parseFrame(value) ?? 1
        i += 1
        break
      case '-o':
      case '--render-output':
        request.output = value
        i += 1
        break
      case '-F':
      case '--render-format':
        request.format = value
        request.isMovie = movieFormats.has(value)
        i += 1
        break
      case '-S':
      case '--scene':
        request.scene = value
        i += 1
        break
      case '--':
        i = args.length
        break
      default:
    }
  }
  if (isKnown && frames.size > 0) request.frames = [...frames].sort((a, b) => a - b)
  return request
}

/** `1..3,7`; undefined when a part is relative to the scene's range or no number. */
function parseFrameList(text: string): number[] | undefined {
  const frames: number[] = []
  for (const part of text.split(',')) {
    const [first, last] = part.split('..')
    const from = parseFrame(first)
    const to = last === undefined ? from : parseFrame(last)
    if (from === undefined || to === undefined || to - from > maxFrames) return undefined
    frames.push(...range(from, to, 1))
  }
  return frames
}

function parseFrame(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined
}

function range(from: number, to: number, step: number): number[] {
  const count = Math.max(0, Math.floor((to - from) / step) + 1)
  return Array.from({ length: Math.min(count, maxFrames) }, (_, i) => from + i * step)
}
