import type { BlendHeader } from './header.ts'

/** A pointer as two halves: addresses of newer files do not fit a JavaScript number. */
export interface PointerReader {
  low(bytes: Buffer, at: number): number
  high(bytes: Buffer, at: number): number
}

const little4: PointerReader = { low: (b, at) => b.readUInt32LE(at), high: () => 0 }
const big4: PointerReader = { low: (b, at) => b.readUInt32BE(at), high: () => 0 }
const little8: PointerReader = {
  low: (b, at) => b.readUInt32LE(at),
  high: (b, at) => b.readUInt32LE(at + 4),
}
const big8: PointerReader = {
  low: (b, at) => b.readUInt32BE(at + 4),
  high: (b, at) => b.readUInt32BE(at),
}

export function pointerReader({
  pointerSize,
  littleEndian,
}: Pick<BlendHeader, 'pointerSize' | 'littleEndian'>): PointerReader {
  if (pointerSize === 4) return littleEndian ? little4 : big4
  return littleEndian ? little8 : big8
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
