import { createReadStream } from 'node:fs'
import type { LogMatches } from '@shaman-farm/manager-api'

const maxTextLength = 500
// Of a line without end only this much is kept and looked at.
const maxLineBytes = 1 << 20
const newline = 10

interface Line {
  /** In bytes from the beginning of the log. */
  offset: number
  number: number
  text: string
}

/** Lines that contain a text, whatever its case. Reads the log as a stream: its size does not matter. */
export async function searchLog(
  path: string,
  { size, text, limit }: { size: number; text: string; limit: number },
): Promise<LogMatches> {
  const matches: LogMatches['matches'] = []
  const wanted = text.toLowerCase()
  for await (const line of linesOf(path, size)) {
    if (!line.text.toLowerCase().includes(wanted)) continue
    if (matches.length === limit) return { matches, truncated: true }
    const { offset, number } = line
    matches.push({ offset, line: number, text: line.text.slice(0, maxTextLength) })
  }
  return { matches, truncated: false }
}

/** Split at the bytes of line feeds, so that offsets hold whatever the line breaks and the encoding. */
async function* linesOf(path: string, size: number): AsyncGenerator<Line> {
  if (size === 0) return
  let offset = 0
  let number = 1
  let held: Buffer[] = []
  let length = 0
  const hold = (part: Buffer): void => {
    const room = maxLineBytes - Math.min(length, maxLineBytes)
    if (room > 0) held.push(part.subarray(0, room))
    length += part.length
  }
  const line = (): Line => ({ offset, number, text: textOf(held) })
  for await (const chunk of createReadStream(path, { end: size - 1 }) as AsyncIterable<Buffer>) {
    let from = 0
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, from)) {
      hold(chunk.subarray(from, at))
      yield line()
      offset += length + 1
      number += 1
      held = []
      length = 0
      from = at + 1
    }
    hold(chunk.subarray(from))
  }
  if (length > 0) yield line()
}

function textOf(parts: readonly Buffer[]): string {
  const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  return bytes.toString('utf8').replace(/\r$/, '')
}
