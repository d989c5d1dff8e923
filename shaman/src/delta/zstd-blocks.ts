import { leastBlockBytes } from './algorithms.ts'
import { createHeaderWalk } from './header-walk.ts'

/** Walks the blocks of zstd frames in the order their bytes arrive. */
export interface BlockScanner {
  /** Takes the next bytes and returns where pieces end that begin in them or before, ascending; ends may lie ahead. */
  scan(bytes: Uint8Array): number[]
}

const frameMagic = 0xfd2fb528
const skippableMagic = 0x184d2a50
const magicBytes = 4
/** With it, a frame's header tells its own length. */
const descriptorBytes = 5
const skippableHeaderBytes = 8
const blockHeaderBytes = 3
const checksumBytes = 4

const repeatedByte = 1
const reservedKind = 3

const dictionaryIdBytes = [0, 1, 2, 4]
const contentSizeBytes = [0, 2, 4, 8]

/**
 * By RFC 8878. Never fails: where the file stops being a row of frames, the walk ends and no more ends are told. A piece is one
 * block, or several that are short, of one frame: before each large payload Blender writes a frame of nothing but its header, which
 * every save changes.
 */
export function createBlockScanner(): BlockScanner {
  const walk = createHeaderWalk({ first: magicBytes, most: skippableHeaderBytes })
  const { header, view } = walk
  let read: (ends: number[]) => void = readMagic
  let hasChecksum = false
  let pieceAt = 0

  return {
    scan(bytes) {
      const ends: number[] = []
      walk.take(bytes, () => read(ends))
      return ends
    },
  }

  function readMagic(): void {
    const magic = view.getUint32(0, true)
    if (magic === frameMagic) {
      walk.wantMore(descriptorBytes)
      read = readDescriptor
    } else if ((magic & ~0xf) === skippableMagic) {
      walk.wantMore(skippableHeaderBytes)
      read = readSkippable
    } else walk.stop()
  }

  function readSkippable(ends: number[]): void {
    const end = walk.at + skippableHeaderBytes + view.getUint32(4, true)
    endPiece(end, ends)
    beginAt(end, magicBytes, readMagic)
  }

  function readDescriptor(): void {
    const descriptor = header[4]!
    const isSingle = (descriptor & 0x20) !== 0
    const sizeFlag = descriptor >> 6
    const contentSize = sizeFlag === 0 && isSingle ? 1 : contentSizeBytes[sizeFlag]!
    const window = isSingle ? 0 : 1
    const length = descriptorBytes + window + dictionaryIdBytes[descriptor & 3]! + contentSize
    hasChecksum = (descriptor & 4) !== 0
    beginAt(walk.at + length, blockHeaderBytes, readBlock)
  }

  function readBlock(ends: number[]): void {
    const word = header[0]! | (header[1]! << 8) | (header[2]! << 16)
    const isLast = (word & 1) !== 0
    const kind = (word >> 1) & 3
    if (kind === reservedKind) {
      walk.stop()
      return
    }
    const end = walk.at + blockHeaderBytes + (kind === repeatedByte ? 1 : word >> 3)
    if (isLast) {
      const frameEnd = end + (hasChecksum ? checksumBytes : 0)
      endPiece(frameEnd, ends)
      beginAt(frameEnd, magicBytes, readMagic)
    } else {
      if (end - pieceAt >= leastBlockBytes) endPiece(end, ends)
      beginAt(end, blockHeaderBytes, readBlock)
    }
  }

  function endPiece(end: number, ends: number[]): void {
    ends.push(end)
    pieceAt = end
  }

  function beginAt(offset: number, bytes: number, next: typeof read): void {
    walk.goTo(offset, bytes)
    read = next
  }
}
