import { largePayloadBytes } from './algorithms.ts'
import { createHeaderWalk } from './header-walk.ts'

/** From `offset` on the file is of this kind, until the next boundary. */
export interface Boundary {
  readonly offset: number
  readonly kind: 'loose' | 'payload'
}

/** Walks the block headers of an uncompressed .blend in the order its bytes arrive. */
export interface BoundaryScanner {
  /** Takes the next bytes and returns the boundaries found in them, ascending. */
  scan(bytes: Uint8Array): Boundary[]
  /** Passes over bytes without a look when no header begins in them; else does nothing and returns false. */
  skip(length: number): boolean
}

interface HeaderShape {
  readonly bytes: number
  length(header: DataView): number
}

const shortFileHeader = 12
const longFileHeader = 17

/**
 * Never fails: where the file stops being a .blend (a cut tail, a foreign format, a length
 * out of range) the walk ends and the rest is one loose run.
 */
export function createBoundaryScanner(): BoundaryScanner {
  const walk = createHeaderWalk({ first: shortFileHeader, most: 32 })
  const { header, view } = walk
  let shape: HeaderShape | undefined
  let isLong = false

  return {
    scan(bytes) {
      const found: Boundary[] = []
      walk.take(bytes, () => {
        if (shape === undefined) readFileHeader()
        else readBlockHeader(shape, found)
      })
      return found
    },
    skip: walk.skip,
  }

  function readFileHeader(): void {
    if (!isLong && isDigit(header[7]!)) {
      isLong = true
      walk.wantMore(longFileHeader)
      return
    }
    shape = shapeOf(header)
    if (shape === undefined) walk.stop()
    else walk.goTo(isLong ? longFileHeader : shortFileHeader, shape.bytes)
  }

  function readBlockHeader(shape: HeaderShape, found: Boundary[]): void {
    const payload = walk.at + shape.bytes
    const length = shape.length(view)
    const end = payload + length
    const isLast = startsWith(header, 'ENDB') || length < 0 || !Number.isSafeInteger(end)
    if (!isLast && length >= largePayloadBytes) {
      found.push({ offset: payload, kind: 'payload' }, { offset: end, kind: 'loose' })
    }
    if (isLast) walk.stop()
    else walk.goTo(end, shape.bytes)
  }
}

function shapeOf(fileHeader: Uint8Array): HeaderShape | undefined {
  const text = Buffer.from(fileHeader.buffer, 0, longFileHeader).toString('latin1')
  if (/^BLENDER17-01v/.test(text)) {
    return { bytes: 32, length: (view) => Number(view.getBigInt64(16, true)) }
  }
  const old = /^BLENDER([_-])([vV])\d\d\d/.exec(text)
  if (old === null) return undefined
  const isLittleEndian = old[2] === 'v'
  return {
    bytes: old[1] === '_' ? 20 : 24,
    length: (view) => view.getInt32(4, isLittleEndian),
  }
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  return [...text].every((char, index) => bytes[index] === char.charCodeAt(0))
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}
