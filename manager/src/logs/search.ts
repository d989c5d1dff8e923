import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { LogMatches } from '@shaman-farm/manager-api'

const maxTextLength = 500

/** Lines that contain a text, whatever its case. Reads the log as a stream: its size does not matter. */
export async function searchLog(
  path: string,
  { size, text, limit }: { size: number; text: string; limit: number },
): Promise<LogMatches> {
  const matches: LogMatches['matches'] = []
  if (size === 0) return { matches, truncated: false }
  const wanted = text.toLowerCase()
  const stream = createReadStream(path, { end: size - 1 })
  let offset = 0
  let number = 0
  try {
    for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
      number += 1
      if (line.toLowerCase().includes(wanted)) {
        if (matches.length === limit) return { matches, truncated: true }
        matches.push({ offset, line: number, text: line.slice(0, maxTextLength) })
      }
      offset += Buffer.byteLength(line) + 1
    }
  } finally {
    stream.destroy()
  }
  return { matches, truncated: false }
}
