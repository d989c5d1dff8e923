import { blockBytes, decodeTarHeader, paddingOf, type TarHeader } from '../tar/header.ts'
import { ShamanClientError } from './errors.ts'

/** Takes a tar stream in pieces and hands out its entries. */
export interface EntryReader {
  push(chunk: Buffer): void
  /** Whether the end mark has come. */
  readonly isOver: boolean
}

/**
 * Reads a tar stream of small files. An entry that lies within one chunk is handed out where it is; one that does not is
 * gathered in a buffer kept for that, so that no byte is copied twice. The bytes are good until `onEntry` returns.
 */
export function createEntryReader(
  maxEntryBytes: number,
  onEntry: (header: TarHeader, bytes: Buffer) => void,
): EntryReader {
  const block = Buffer.alloc(blockBytes)
  let header: TarHeader | undefined
  let gathered: Buffer | undefined
  let isGathering = false
  let filled = 0
  let skip = 0
  let isOver = false

  return {
    get isOver() {
      return isOver
    },
    push(chunk) {
      let at = 0
      while (at < chunk.length && !isOver) {
        const skipped = Math.min(skip, chunk.length - at)
        skip -= skipped
        at += skipped
        if (skip > 0 || (at === chunk.length && header === undefined)) continue
        at = header ? takeBytes(chunk, at, header) : takeHeader(chunk, at)
      }
    },
  }

  function takeHeader(chunk: Buffer, at: number): number {
    const taken = chunk.copy(block, filled, at, at + blockBytes - filled)
    filled += taken
    if (filled < blockBytes) return at + taken
    filled = 0
    header = decodeTarHeader(block)
    isOver = header === undefined
    if (header && header.size > maxEntryBytes) throw tooLong(header)
    if (header?.size === 0) finish(header, block.subarray(0, 0))
    return at + taken
  }

  function takeBytes(chunk: Buffer, at: number, { name, size }: TarHeader): number {
    if (!isGathering && chunk.length - at >= size) {
      finish({ name, size }, chunk.subarray(at, at + size))
      return at + size
    }
    isGathering = true
    gathered ??= Buffer.allocUnsafeSlow(maxEntryBytes)
    const taken = chunk.copy(gathered, filled, at, at + size - filled)
    filled += taken
    if (filled === size) finish({ name, size }, gathered.subarray(0, size))
    return at + taken
  }

  function finish(done: TarHeader, bytes: Buffer): void {
    header = undefined
    isGathering = false
    filled = 0
    skip = paddingOf(done.size)
    onEntry(done, bytes)
  }
}

function tooLong({ name, size }: TarHeader): ShamanClientError {
  return new ShamanClientError(
    'ANSWER_INVALID',
    `the store sent ${size} bytes as "${name.slice(0, 100)}", which nobody asked for`,
  )
}
