import { blockBytes, decodeTarHeader, paddingOf, type TarHeader } from '../tar/header.ts'
import { ShamanClientError } from './errors.ts'
import type { Consume } from './room.ts'

/** Takes the entries of a tar stream. */
export interface EntryReader {
  consume: Consume
  /** Whether the end mark has come. */
  readonly isOver: boolean
}

/** Reads a tar stream of small files; each is handed out where it lies, once it is there whole, for as long as `onEntry` takes. */
export function createEntryReader(
  maxEntryBytes: number,
  onEntry: (header: TarHeader, bytes: Buffer) => void,
): EntryReader {
  let isOver = false

  return {
    get isOver() {
      return isOver
    },
    consume(bytes) {
      let at = 0
      while (!isOver && bytes.length - at >= blockBytes) {
        const start = at + blockBytes
        const header = decodeTarHeader(bytes.subarray(at, start))
        if (!header) {
          isOver = true
          break
        }
        const { size } = header
        if (size > maxEntryBytes) throw tooLong(header)
        const next = start + size + paddingOf(size)
        if (next > bytes.length) break
        onEntry(header, bytes.subarray(start, start + size))
        at = next
      }
      return isOver ? bytes.length : at
    },
  }
}

function tooLong({ name, size }: TarHeader): ShamanClientError {
  return new ShamanClientError(
    'ANSWER_INVALID',
    `the store sent ${size} bytes as "${name.slice(0, 100)}", which nobody asked for`,
  )
}
