import { open } from 'node:fs/promises'

// Counted in one turn: below a millisecond.
const pieceBytes = 1 << 18
const newline = 10

/** Where a line of a log begins, in bytes, counted from line 1; undefined when it has fewer. Ends early once `gone` is aborted. */
export async function offsetOfLine(
  path: string,
  { size, line, gone }: { size: number; line: number; gone?: AbortSignal },
): Promise<number | undefined> {
  if (line === 1) return 0
  const file = await open(path)
  try {
    const buffer = Buffer.alloc(pieceBytes)
    let current = 1
    for (let at = 0; at < size && !gone?.aborted; ) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(pieceBytes, size - at), at)
      if (bytesRead === 0) break
      const piece = buffer.subarray(0, bytesRead)
      for (let end = piece.indexOf(newline); end >= 0; end = piece.indexOf(newline, end + 1)) {
        current += 1
        if (current === line) return at + end + 1
      }
      at += bytesRead
    }
    return undefined
  } finally {
    await file.close()
  }
}
