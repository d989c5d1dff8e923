export interface LogLine {
  text: string
  /** Byte offset of the line in the log: what a link to it is made of. */
  offset: number
}

/**
 * A window onto a log that may be far larger than memory: whole lines of one byte range, growing
 * at either end. The last line may be unfinished.
 */
export interface LogBuffer {
  readonly lines: readonly LogLine[]
  readonly start: number
  readonly end: number
  /** Size of the whole log as last heard. */
  readonly size: number
}

const encoder = new TextEncoder()
export const emptyLog: LogBuffer = { lines: [], start: 0, end: 0, size: 0 }

/** A buffer from one range of a log; a first line cut in two is left out. */
export function bufferOf(bytes: Uint8Array, offset: number, size: number): LogBuffer {
  const skip = offset === 0 ? 0 : bytes.indexOf(10) + 1
  const lines = splitLines(bytes.subarray(skip), offset + skip)
  return { lines, start: offset + skip, end: offset + bytes.length, size }
}

/** Adds text that came at the end. `undefined` when something between is missing: read again. */
export function append(
  buffer: LogBuffer,
  text: string,
  offset: number | undefined,
): LogBuffer | undefined {
  return appendBytes(buffer, encoder.encode(text), offset ?? buffer.end)
}

/** The same for a range of the log; cut by {@link wholeLines} unless it ends with the log. */
export function appendBytes(
  buffer: LogBuffer,
  bytes: Uint8Array,
  at: number,
): LogBuffer | undefined {
  if (at > buffer.end) return undefined
  const known = buffer.end - at
  // A stream that resumes repeats itself.
  if (known >= bytes.length) return buffer
  const fresh = splitLines(bytes.subarray(known), buffer.end)
  const last = buffer.lines.at(-1)
  const joined =
    last && last.text !== '' && fresh[0] && !endsLine(buffer)
      ? [
          ...buffer.lines.slice(0, -1),
          { ...last, text: last.text + fresh[0].text },
          ...fresh.slice(1),
        ]
      : [...trimLast(buffer.lines), ...fresh]
  const end = buffer.end + bytes.length - known
  return { lines: joined, start: buffer.start, end, size: Math.max(buffer.size, end) }
}

/** Puts an earlier range before what is there; it must end where the buffer begins. */
export function prepend(buffer: LogBuffer, bytes: Uint8Array, offset: number): LogBuffer {
  const skip = offset === 0 ? 0 : bytes.indexOf(10) + 1
  const lines = trimLast(splitLines(bytes.subarray(skip), offset + skip))
  return { ...buffer, lines: [...lines, ...buffer.lines], start: offset + skip }
}

/** A range without the line that its end cuts in two; all of it where that is its only one. */
export function wholeLines(bytes: Uint8Array): Uint8Array {
  const end = bytes.lastIndexOf(10) + 1
  return end === 0 ? bytes : bytes.subarray(0, end)
}

/** Drops all but the oldest lines, as {@link keepNewest} does at the other end. */
export function keepOldest(buffer: LogBuffer, most: number): LogBuffer {
  if (buffer.lines.length <= most) return buffer
  const kept = Math.ceil(most * 0.75)
  const end = buffer.lines[kept]!.offset
  return { ...buffer, lines: [...buffer.lines.slice(0, kept), { text: '', offset: end }], end }
}

/** Drops all but the newest lines; what is left still begins at a line. */
export function keepNewest(buffer: LogBuffer, most: number): LogBuffer {
  if (buffer.lines.length <= most) return buffer
  // By a good part at once, or every new line would copy them all.
  const lines = buffer.lines.slice(-Math.ceil(most * 0.75))
  return { ...buffer, lines, start: lines[0]!.offset }
}

// An empty last line stands for "the text so far ends with a line break".
function endsLine(buffer: LogBuffer): boolean {
  return buffer.lines.at(-1)?.text === ''
}

function trimLast(lines: readonly LogLine[]): readonly LogLine[] {
  return lines.at(-1)?.text === '' ? lines.slice(0, -1) : lines
}

function splitLines(bytes: Uint8Array, offset: number): LogLine[] {
  const decoder = new TextDecoder()
  const lines: LogLine[] = []
  let from = 0
  while (from <= bytes.length) {
    const found = bytes.indexOf(10, from)
    const to = found < 0 ? bytes.length : found
    const text = decoder.decode(bytes.subarray(from, to)).replace(/\r$/, '')
    lines.push({ text, offset: offset + from })
    if (found < 0) break
    from = to + 1
  }
  return lines
}

export type LogLevel = 'error' | 'warning' | 'mark' | 'plain'

const errorLine =
  /\b(error|exception|traceback|failed|fatal|segmentation fault|out of memory|cannot|can't|unable to)\b/i
const warningLine = /\b(warn|warning|missing|not found)\b/i
const markLine = /^(Saved:|Fra:\d+.*\bFinished)/
const managerLine = /^\d{4}-\d\d-\d\dT\S+ /

/** How loud a line is, by the prefixes Blender, Cycles, Python and ffmpeg use. */
export function levelOf(text: string): LogLevel {
  const plain = stripAnsi(text)
  // The manager's own lines start with a time; they tell of failures, they are none.
  if (managerLine.test(plain)) return 'mark'
  if (errorLine.test(plain)) return 'error'
  if (warningLine.test(plain)) return 'warning'
  return markLine.test(plain) ? 'mark' : 'plain'
}

const errorsKnown = new WeakMap<LogLine, boolean>()

/** Whether a line tells of an error; each line is looked at once, however often the log grows. */
export function isError(line: LogLine): boolean {
  const known = errorsKnown.get(line)
  if (known !== undefined) return known
  const found = levelOf(line.text) === 'error'
  errorsKnown.set(line, found)
  return found
}

export interface AnsiSpan {
  text: string
  color?: string
  bold?: boolean
}

const ansi = /\x1b\[([0-9;]*)([A-Za-z])/g
const ansiColors = ['gray', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white']

export function stripAnsi(text: string): string {
  return text.includes('\x1b') ? text.replace(ansi, '') : text
}

/** Splits a line into coloured spans; unknown sequences vanish. */
export function parseAnsi(line: string): AnsiSpan[] {
  if (!line.includes('\x1b')) return [{ text: line }]
  const spans: AnsiSpan[] = []
  let style: Omit<AnsiSpan, 'text'> = {}
  let from = 0
  for (const match of line.matchAll(ansi)) {
    if (match.index > from) spans.push({ text: line.slice(from, match.index), ...style })
    if (match[2] === 'm') style = restyle(style, match[1] ?? '')
    from = match.index + match[0].length
  }
  if (from < line.length) spans.push({ text: line.slice(from), ...style })
  return spans
}

function restyle(style: Omit<AnsiSpan, 'text'>, codes: string): Omit<AnsiSpan, 'text'> {
  let next = style
  for (const code of codes.split(';').map(Number)) {
    if (code === 0) next = {}
    else if (code === 1) next = { ...next, bold: true }
    else if (code === 39) {
      const { color: _, ...rest } = next
      next = rest
    } else if (code >= 30 && code <= 37) next = { ...next, color: ansiColors[code - 30]! }
    else if (code >= 90 && code <= 97) next = { ...next, color: ansiColors[code - 90]! }
  }
  return next
}
