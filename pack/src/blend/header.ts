import { BlendError } from './errors.ts'

/** How block headers are laid out: by pointer size, and since Blender 5.0 with 64-bit lengths. */
export type BlockLayout = 'small32' | 'small64' | 'large'

/** What the first bytes of a .blend say about all others. */
export interface BlendHeader {
  /** Bytes of the header; the first block follows. */
  readonly size: 12 | 17
  readonly pointerSize: 4 | 8
  readonly littleEndian: boolean
  /** Of the Blender that wrote the file: 279, 403, 500. */
  readonly version: number
  readonly layout: BlockLayout
}

const magic = 'BLENDER'
const digits = /^\d+$/

/** The most bytes a header can have; reading so many is always enough. */
export const longestHeader = 17

/** @param bytes the start of the decompressed file */
export function parseHeader(bytes: Buffer): BlendHeader {
  if (bytes.length < 12 || bytes.toString('latin1', 0, 7) !== magic) {
    throw new BlendError('BLEND_NOT_A_BLEND', 'Not a .blend file')
  }
  return digits.test(bytes.toString('latin1', 7, 8)) ? parseNumbered(bytes) : parseClassic(bytes)
}

/** Blender up to 4.5: `BLENDER-v403`. */
function parseClassic(bytes: Buffer): BlendHeader {
  const [pointer, endian] = [bytes.toString('latin1', 7, 8), bytes.toString('latin1', 8, 9)]
  const version = bytes.toString('latin1', 9, 12)
  if (!'_-'.includes(pointer) || !'vV'.includes(endian) || !digits.test(version)) {
    throw new BlendError('BLEND_CORRUPT', 'The file header is damaged', { offset: 7 })
  }
  return {
    size: 12,
    pointerSize: pointer === '_' ? 4 : 8,
    littleEndian: endian === 'v',
    version: Number(version),
    layout: pointer === '_' ? 'small32' : 'small64',
  }
}

/** Blender 5.0 and later: `BLENDER17-01v0500`. */
function parseNumbered(bytes: Buffer): BlendHeader {
  const text = bytes.toString('latin1', 7, longestHeader)
  const match = /^(\d\d)-(\d\d)v(\d{4})$/.exec(text)
  const [size, format] = [text.slice(0, 2), text.slice(3, 5)]
  if (size !== '17' || (match && format !== '01')) {
    throw new BlendError(
      'BLEND_TOO_NEW',
      'Written by a newer Blender, in a format not known here',
      {
        headerSize: size,
        format,
      },
    )
  }
  if (!match) throw new BlendError('BLEND_CORRUPT', 'The file header is damaged', { offset: 7 })
  return {
    size: 17,
    pointerSize: 8,
    littleEndian: true,
    version: Number(match[3]),
    layout: 'large',
  }
}
