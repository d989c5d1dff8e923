import type { OpenFile } from '../file-reader.ts'
import { blockBytes, encodeTarHeader, paddingOf, type TarHeader } from './header.ts'

/** A file that is to become an entry. */
export interface TarSource extends TarHeader {
  open(): Promise<OpenFile> | OpenFile
  /** What to throw when it turns out shorter than `size`. */
  tooShort(): Error
}

/** Tells one after another, then undefined. A promise only where one has to be waited for: for small files it costs as much as all else. */
export type NextSource = () => Promise<TarSource | undefined> | TarSource | undefined

/** A part of a tar stream. */
export interface TarPiece {
  bytes: Buffer
  /** How many of them are of files. */
  payload: number
}

const pieceBytes = 256 << 10

/** The length of a tar stream of such files. */
export function tarBytes(sizes: Iterable<number>): number {
  let bytes = 2 * blockBytes
  for (const size of sizes) bytes += blockBytes + size + paddingOf(size)
  return bytes
}

/**
 * Files as a tar stream, in pieces that are good until the next but one is asked for. Two buffers are filled in turn: with
 * memory of its own for each piece, serving a gigabyte took twice the processor time.
 */
export async function* tarPieces(next: NextSource): AsyncGenerator<TarPiece> {
  const buffers = [Buffer.allocUnsafeSlow(pieceBytes), Buffer.allocUnsafeSlow(pieceBytes)] as const
  let piece: Buffer = buffers[0]
  let filled = 0
  let payload = 0
  const take = (): TarPiece => {
    const taken = { bytes: piece.subarray(0, filled), payload }
    piece = piece === buffers[0] ? buffers[1] : buffers[0]
    filled = 0
    payload = 0
    return taken
  }
  for (;;) {
    const coming = next()
    const source = coming instanceof Promise ? await coming : coming
    if (source === undefined) break
    const { name, size } = source
    if (filled + blockBytes > pieceBytes) yield take()
    encodeTarHeader({ name, size }, piece.subarray(filled, filled + blockBytes))
    filled += blockBytes
    const opening = source.open()
    const contents = opening instanceof Promise ? await opening : opening
    try {
      for (let left = size; left > 0; ) {
        if (filled === pieceBytes) yield take()
        const reading = contents.read(piece, filled, Math.min(left, pieceBytes - filled))
        const got = typeof reading === 'number' ? reading : await reading
        if (got === 0) throw source.tooShort()
        filled += got
        payload += got
        left -= got
      }
    } finally {
      contents.close()
    }
    if (filled + paddingOf(size) > pieceBytes) yield take()
    piece.fill(0, filled, filled + paddingOf(size))
    filled += paddingOf(size)
  }
  if (filled + 2 * blockBytes > pieceBytes) yield take()
  piece.fill(0, filled, filled + 2 * blockBytes)
  filled += 2 * blockBytes
  yield take()
}
