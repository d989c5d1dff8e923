import { StringDecoder } from 'node:string_decoder'

/** Longer lines are cut here, between characters, so that a program that never ends a line cannot fill memory. */
export const maxLineBytes = 40 * 1024

export interface LineSplitter {
  write(chunk: Uint8Array): void
  /** Hands out what has no line end yet. */
  end(): void
}

/** Cuts a byte stream into lines. `\r` ends a line too: ffmpeg redraws its progress with it. */
export function createLineSplitter(
  onLine: (line: string) => void,
  limit = maxLineBytes,
): LineSplitter {
  const decoder = new StringDecoder('utf8')
  let pending = ''
  let pendingBytes = 0
  let sawReturn = false

  const emit = (): void => {
    const line = pending
    pending = ''
    pendingBytes = 0
    onLine(line)
  }
  const append = (text: string): void => {
    let rest = text
    while (rest !== '') {
      const piece = pieceOf(rest, limit - pendingBytes)
      if (piece === '' && pendingBytes > 0) {
        emit()
        continue
      }
      const taken = piece === '' ? String.fromCodePoint(rest.codePointAt(0)!) : piece
      pending += taken
      pendingBytes += Buffer.byteLength(taken)
      rest = rest.slice(taken.length)
      if (rest !== '') emit()
    }
  }
  const feed = (text: string): void => {
    let from = 0
    for (const match of text.matchAll(/[\r\n]/g)) {
      const isSecondHalf = sawReturn && match[0] === '\n' && match.index === from
      append(text.slice(from, match.index))
      from = match.index + 1
      sawReturn = match[0] === '\r'
      if (!isSecondHalf) emit()
    }
    if (from < text.length) {
      sawReturn = false
      append(text.slice(from))
    }
  }
  return {
    write: (chunk) =>
      feed(decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length))),
    end() {
      feed(decoder.end())
      if (pending !== '') emit()
    },
  }
}

/** The longest prefix of at most `bytes` bytes that does not cut a character. */
function pieceOf(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text
  let length = Math.min(text.length, bytes)
  while (length > 0 && Buffer.byteLength(text.slice(0, length)) > bytes) length -= 1
  const last = text.charCodeAt(length - 1)
  return last >= 0xd800 && last <= 0xdbff ? text.slice(0, length - 1) : text.slice(0, length)
}
