/** Reads fields from bytes; whatever is malformed goes through the caller's error. */
export interface ByteReader {
  remaining(): number
  byte(): number
  bytes(length: number): Uint8Array
  text(length: number): string
  /** An unsigned LEB128 number up to 2^53-1, in its shortest form. */
  varint(): number
  /** A signed number, small magnitudes short. */
  zigzag(): number
  u64(): bigint
}

/** Collects fields into one array that grows as needed. */
export interface ByteWriter {
  byte(value: number): void
  bytes(value: Uint8Array): void
  varint(value: number): void
  zigzag(value: number): void
  u64(value: bigint): void
  finish(): Uint8Array
}

const longestVarint = 8

/** Opens a reader at the start of `source`. `fail` makes the error thrown for bad bytes. */
export function createByteReader(source: Uint8Array, fail: (reason: string) => Error): ByteReader {
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength)
  let at = 0
  const take = (length: number): number => {
    if (length > source.length - at) throw fail('it is cut short')
    at += length
    return at - length
  }
  const reader: ByteReader = {
    remaining: () => source.length - at,
    byte: () => view.getUint8(take(1)),
    bytes: (length) => {
      const from = take(length)
      return source.subarray(from, from + length)
    },
    text: (length) => Buffer.from(reader.bytes(length)).toString('latin1'),
    varint: () => {
      let value = 0
      let scale = 1
      for (let index = 0; index < longestVarint; index++) {
        const byte = reader.byte()
        value += (byte & 0x7f) * scale
        if (!Number.isSafeInteger(value)) throw fail('a number is too large')
        if (byte < 0x80) {
          if (byte === 0 && index > 0) throw fail('a number is not in its shortest form')
          return value
        }
        scale *= 128
      }
      throw fail('a number is too large')
    },
    zigzag: () => {
      const value = reader.varint()
      return value % 2 === 0 ? value / 2 : -(value + 1) / 2
    },
    u64: () => view.getBigUint64(take(8), true),
  }
  return reader
}

/** Opens an empty writer with room for `expectedBytes`. */
export function createByteWriter(expectedBytes = 256): ByteWriter {
  let buffer = Buffer.alloc(Math.max(16, expectedBytes))
  let at = 0
  const reserve = (length: number): number => {
    if (at + length > buffer.length) {
      const larger = Buffer.alloc(Math.max(buffer.length * 2, at + length))
      buffer.copy(larger, 0, 0, at)
      buffer = larger
    }
    at += length
    return at - length
  }
  const writer: ByteWriter = {
    byte: (value) => {
      const to = reserve(1)
      buffer[to] = value
    },
    bytes: (value) => {
      const to = reserve(value.length)
      buffer.set(value, to)
    },
    varint: (value) => {
      let rest = value
      while (rest >= 0x80) {
        writer.byte((rest % 128) | 0x80)
        rest = Math.floor(rest / 128)
      }
      writer.byte(rest)
    },
    zigzag: (value) => writer.varint(value < 0 ? -value * 2 - 1 : value * 2),
    u64: (value) => {
      const to = reserve(8)
      buffer.writeBigUInt64LE(value, to)
    },
    finish: () => buffer.subarray(0, at),
  }
  return writer
}
