import { type FileHandle, open } from 'node:fs/promises'
import type { LogMatches } from '@shaman-farm/manager-api'

const maxTextLength = 500
// A letter takes at most four bytes.
const maxTextBytes = maxTextLength * 4
// Looked through in one turn: about a millisecond.
const pieceBytes = 1 << 18
const newline = 10

export interface LogQuestion {
  /** How many bytes of the log count; what lies behind them was never acknowledged. */
  size: number
  /** Sought whatever its case. */
  text: string
  /** Most lines to tell. */
  limit: number
  /** Aborted when nobody waits for the answer any more: the search ends with what it has. */
  gone?: AbortSignal
}

/** Lines that contain a text. Memory grows neither with the log nor with its longest line. */
export async function searchLog(
  path: string,
  { size, text, limit, gone }: LogQuestion,
): Promise<LogMatches> {
  // No line contains a line break.
  if (size === 0 || text.includes('\n')) return { matches: [], truncated: false }
  const file = await open(path)
  try {
    const lines = await findLines(file, { size, text, limit: limit + 1, ...(gone && { gone }) })
    const matches: LogMatches['matches'] = []
    for (const line of lines.slice(0, limit)) {
      matches.push({ ...line, text: await textAt(file, line.offset, size) })
    }
    return { matches, truncated: lines.length > limit }
  } finally {
    await file.close()
  }
}

/** Where a line begins, in bytes, and its number. */
interface Place {
  offset: number
  line: number
}

/**
 * Folds and searches whole pieces at once, in bytes (latin1): a third of the time that lines one by one take. Of each piece so much is
 * kept before the next as a match needs that lies in both.
 */
async function findLines(
  file: FileHandle,
  { size, text, limit, gone }: LogQuestion,
): Promise<Place[]> {
  const needles = needlesOf(text)
  const overlap = Math.max(...needles.map((needle) => needle.length)) - 1
  const buffer = Buffer.alloc(overlap + pieceBytes)
  const counter = createLineCounter()
  const lines: Place[] = []
  let kept = 0
  for (let at = 0; at < size && lines.length < limit && !gone?.aborted; ) {
    const { bytesRead } = await file.read(buffer, kept, Math.min(pieceBytes, size - at), at)
    if (bytesRead === 0) break
    const window = buffer.subarray(0, kept + bytesRead)
    for (const place of matchesIn(window, needles, text)) {
      const line = counter.lineAt(window, at - kept, place)
      if (lines.at(-1)?.offset !== line.offset) lines.push(line)
    }
    counter.lineAt(window, at - kept, window.length)
    at += bytesRead
    kept = Math.min(overlap, window.length)
    window.copy(buffer, 0, window.length - kept)
  }
  return lines.slice(0, limit)
}

/** Where the text begins in a piece, once in each line. */
function* matchesIn(window: Buffer, needles: readonly string[], text: string): Generator<number> {
  const folded = fold(window)
  for (let from = 0; ; ) {
    const at = firstOf(needles, folded, from)
    if (at < 0) return
    from = at + 1
    // Folding takes some letters beyond ASCII for others: what was found is looked at again.
    if (!needles.some(({ length }) => isSame(window.toString('utf8', at, at + length), text)))
      continue
    yield at
    from = window.indexOf(newline, at) + 1
    if (from === 0) return
  }
}

/** Counts lines from the beginning of a log on; asked for places that never go back by more than a line. */
function createLineCounter() {
  let current: Place = { offset: 0, line: 1 }
  let counted = 0
  return {
    lineAt(window: Buffer, windowAt: number, place: number): Place {
      while (counted < windowAt + place) {
        const found = window.indexOf(newline, counted - windowAt)
        if (found < 0 || found >= place) counted = windowAt + place
        else {
          counted = windowAt + found + 1
          current = { offset: counted, line: current.line + 1 }
        }
      }
      return current
    },
  }
}

/** The text as its bytes, folded; letters beyond ASCII are sought as given, small and large. */
function needlesOf(text: string): string[] {
  const forms = [text, text.toLowerCase(), text.toUpperCase()]
  return [...new Set(forms.map((form) => fold(Buffer.from(form))))]
}

function fold(bytes: Buffer): string {
  return bytes.toString('latin1').toLowerCase()
}

function firstOf(needles: readonly string[], text: string, from: number): number {
  const places = needles.map((needle) => text.indexOf(needle, from)).filter((at) => at >= 0)
  return places.length === 0 ? -1 : Math.min(...places)
}

function isSame(found: string, text: string): boolean {
  return found.toLowerCase() === text.toLowerCase()
}

async function textAt(file: FileHandle, offset: number, size: number): Promise<string> {
  const length = Math.min(maxTextBytes, size - offset)
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset)
  const end = buffer.subarray(0, bytesRead).indexOf(newline)
  const text = buffer.toString('utf8', 0, end < 0 ? bytesRead : end)
  return text.replace(/\r$/, '').slice(0, maxTextLength)
}
