import { ShamanError } from '../errors.ts'

/** Tar's unit: headers are one block, contents are padded to whole blocks. */
export const blockBytes = 512

/** An entry of a batch: a regular file with a short name. */
export interface TarHeader {
  name: string
  size: number
}

// Field places of POSIX.1-1988 (ustar), section 10.1.1.
const sizeAt = 124
const checksumAt = 148
const typeAt = 156
const magicAt = 257
const largestOctalSize = 8 ** 11 - 1

/** A ustar header, in `block`; names up to 100 bytes, which `<sha>/<size>` never exceeds. */
export function encodeTarHeader(
  { name, size }: TarHeader,
  block: Buffer = Buffer.allocUnsafe(blockBytes),
): Buffer {
  block.fill(0)
  if (Buffer.byteLength(name) > 100 || size > largestOctalSize) {
    throw new RangeError(`"${name}" with ${size} bytes does not fit a ustar header`)
  }
  block.write(name, 0)
  block.write('0000644\0', 100, 'latin1')
  block.write('0000000\0', 108, 'latin1')
  block.write('0000000\0', 116, 'latin1')
  block.write(`${size.toString(8).padStart(11, '0')}\0`, sizeAt, 'latin1')
  block.write('00000000000\0', 136, 'latin1')
  block.write('0', typeAt, 'latin1')
  block.write('ustar\x0000', magicAt, 'latin1')
  block.write(`${checksumOf(block).toString(8).padStart(6, '0')}\0 `, checksumAt, 'latin1')
  return block
}

/** Reads a header; undefined for the zero block that ends an archive. Throws `REQUEST_INVALID` for anything else. */
export function decodeTarHeader(block: Buffer): (TarHeader & { isFile: boolean }) | undefined {
  const expected = Number.parseInt(block.toString('latin1', checksumAt, checksumAt + 8), 8)
  const sum = checksumOf(block)
  if (sum === emptyChecksum && block.every((byte) => byte === 0)) return undefined
  if (expected !== sum) throw malformed('a header has a wrong checksum')
  const size = readSize(block)
  const end = block.indexOf(0, 0)
  const name = block.toString('utf8', 0, end === -1 || end > 100 ? 100 : end)
  const type = block[typeAt]!
  return { name, size, isFile: type === 0x30 || type === 0 }
}

function readSize(block: Buffer): number {
  const text = block.toString('latin1', sizeAt, sizeAt + 12)
  const match = /^ *([0-7]+)[ \0]*$/.exec(text)
  if (!match) throw malformed('a header has no valid size')
  return Number.parseInt(match[1]!, 8)
}

// The checksum field itself counts as eight spaces.
const emptyChecksum = 8 * 0x20

function checksumOf(block: Buffer): number {
  let sum = emptyChecksum
  for (let i = 0; i < checksumAt; i += 1) sum += block[i]!
  for (let i = checksumAt + 8; i < blockBytes; i += 1) sum += block[i]!
  return sum
}

/** Bytes of padding after contents of this size. */
export function paddingOf(size: number): number {
  return (blockBytes - (size % blockBytes)) % blockBytes
}

export function malformed(reason: string): ShamanError {
  return new ShamanError('REQUEST_INVALID', `the tar stream is malformed: ${reason}`)
}
