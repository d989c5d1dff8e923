import fs from 'node:fs'
import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'

/** Reads many small files one after another. */
export interface FileReader {
  open(file: string): Promise<OpenFile> | OpenFile
  stat(file: string): Promise<fs.BigIntStats> | fs.BigIntStats
}

/** A file that is being read. */
export interface OpenFile {
  /** Reads on into a part of `target`; how many bytes it got, 0 at the end. */
  read(target: Buffer, at: number, length: number): Promise<number> | number
  close(): void
}

const openAsync = promisify(fs.open)
const readAsync = promisify(fs.read)
const statAsync = promisify(fs.stat)

const slowMs = 4
const slowCalls = 200

/**
 * Creates a reader. Calls are synchronous, a fifth of the cost for a file of 4 KiB, until one is slow: the next ones then leave
 * the thread to other work, as a network drive needs.
 */
export function createFileReader(): FileReader {
  let slowLeft = 0
  const timed = <T>(action: () => T): T => {
    const started = performance.now()
    const result = action()
    if (performance.now() - started > slowMs) slowLeft = slowCalls
    return result
  }
  const isSlow = (): boolean => {
    slowLeft -= 1
    return slowLeft >= 0
  }
  const over = (fd: number): OpenFile => ({
    read(target, at, length) {
      if (isSlow()) return readAsync(fd, target, at, length, null).then((got) => got.bytesRead)
      return timed(() => fs.readSync(fd, target, at, length, null))
    },
    close: () => fs.closeSync(fd),
  })
  return {
    open(file) {
      if (isSlow()) return openAsync(file, 'r').then(over)
      return over(timed(() => fs.openSync(file, 'r')))
    },
    stat(file) {
      if (isSlow()) return statAsync(file, { bigint: true })
      return timed(() => fs.statSync(file, { bigint: true }))
    },
  }
}

/** What comes as a stream, read as if it were a file. */
export async function openStream(opening: Promise<Readable>): Promise<OpenFile> {
  const stream = await opening
  const pieces = stream.iterator() as AsyncIterator<Buffer>
  let piece: Buffer = Buffer.alloc(0)
  return {
    async read(target, at, length) {
      while (piece.length === 0) {
        const next = await pieces.next()
        if (next.done) return 0
        piece = next.value
      }
      const got = piece.copy(target, at, 0, length)
      piece = piece.subarray(got)
      return got
    },
    close: () => void stream.destroy(),
  }
}

const pieceBytes = 1 << 20

/** A large file's bytes from an offset on. A piece is good until the next is asked for: its memory is used again. */
export async function* readPieces(file: string, start: number): AsyncGenerator<Buffer> {
  const handle = await open(file, 'r')
  const buffers = [Buffer.allocUnsafeSlow(pieceBytes), Buffer.allocUnsafeSlow(pieceBytes)]
  let at = start
  const readInto = (buffer: Buffer): Promise<number> =>
    handle.read(buffer, 0, pieceBytes, at).then(({ bytesRead }) => {
      at += bytesRead
      return bytesRead
    })
  let reading = readInto(buffers[0]!)
  try {
    for (let turn = 0; ; turn += 1) {
      const got = await reading
      if (got === 0) return
      // The next piece is read while this one is sent.
      reading = readInto(buffers[(turn + 1) % 2]!)
      yield buffers[turn % 2]!.subarray(0, got)
    }
  } finally {
    await reading.catch(() => undefined)
    await handle.close()
  }
}
