import type { BlendHeader } from './header.ts'

/** A pointer as two halves: addresses of newer files do not fit a JavaScript number. */
export function readPointer(
  bytes: Buffer,
  at: number,
  header: Pick<BlendHeader, 'pointerSize' | 'littleEndian'>,
): { low: number; high: number } {
  if (header.pointerSize === 4) {
    return { low: header.littleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at), high: 0 }
  }
  return header.littleEndian
    ? { low: bytes.readUInt32LE(at), high: bytes.readUInt32LE(at + 4) }
    : { low: bytes.readUInt32BE(at + 4), high: bytes.readUInt32BE(at) }
}

/** Bytes of a number of each basic type. */
export const numberBytes: Record<string, number> = {
  char: 1,
  uchar: 1,
  uint8_t: 1,
  int8_t: 1,
  bool: 1,
  short: 2,
  ushort: 2,
  int: 4,
  uint: 4,
  float: 4,
  double: 8,
  int64_t: 8,
  uint64_t: 8,
}

/** A number as the file has it; undefined for a type that is none. */
export function readNumber(
  bytes: Buffer,
  at: number,
  type: string,
  { littleEndian: le }: Pick<BlendHeader, 'littleEndian'>,
): number | undefined {
  switch (type) {
    case 'char':
    case 'uchar':
    case 'uint8_t':
    case 'bool':
      return bytes.readUInt8(at)
    case 'int8_t':
      return bytes.readInt8(at)
    case 'short':
      return le ? bytes.readInt16LE(at) : bytes.readInt16BE(at)
    case 'ushort':
      return le ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at)
    case 'int':
      return le ? bytes.readInt32LE(at) : bytes.readInt32BE(at)
    case 'uint':
      return le ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)
    case 'float':
      return le ? bytes.readFloatLE(at) : bytes.readFloatBE(at)
    case 'double':
      return le ? bytes.readDoubleLE(at) : bytes.readDoubleBE(at)
    case 'int64_t':
      return Number(le ? bytes.readBigInt64LE(at) : bytes.readBigInt64BE(at))
    case 'uint64_t':
      return Number(le ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at))
    default:
      return undefined
  }
}
