import { BlendError } from './errors.ts'
import type { BlendHeader } from './header.ts'
import { type ByteSource, truncated, windowBytes } from './source.ts'

/** A block's four letters as one number, so that comparing is cheap. */
export type BlockCode = number

export function blockCode(text: string): BlockCode {
  const bytes = Buffer.alloc(4)
  bytes.write(text, 'latin1')
  return bytes.readUInt32LE(0)
}

export function codeText(code: BlockCode): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(code >>> 0)
  return bytes.toString('latin1').replace(/\0+$/, '')
}

/** A hundred times the largest scenes seen. A few hundred bytes can unpack into thousands of times as many blocks. */
const mostBlocks = 2 ** 25

const DATA = blockCode('DATA')
const ENDB = blockCode('ENDB')

/**
 * All blocks of a file, by number in file order. Columns instead of objects: a file has up to millions of blocks.
 * `owner` is the data-block a DATA block belongs to; for a data-block it is its own number, else -1.
 */
export interface BlockTable {
  readonly length: number
  readonly code: Uint32Array
  readonly struct: Int32Array
  readonly addressLow: Uint32Array
  readonly addressHigh: Uint32Array
  /** Where the data begins in the decompressed file. */
  readonly offset: Float64Array
  readonly size: Float64Array
  readonly count: Float64Array
  readonly owner: Int32Array
  /** Bytes of one block header; it ends where the data begins. */
  readonly headerSize: number
}

interface RawHeader {
  code: number
  size: number
  low: number
  high: number
  struct: number
  count: number
}

/** Reads every block header, skipping over the data. */
export function scanBlocks(source: ByteSource, header: BlendHeader): BlockTable {
  const parse = parsers[header.layout](header.littleEndian)
  const table = growingTable(parse.size)
  let at: number = header.size
  let owner = -1
  let window: Buffer = Buffer.alloc(0)
  let start = 0
  for (;;) {
    const available = Math.min(parse.size, source.size - at)
    if (at < start || at + available > start + window.length) {
      // Many headers at once: most blocks are small. Up to where the source would read anew anyway.
      const ahead = Math.max(windowBytes - (at % windowBytes), available)
      window = available > 0 ? source.read(at, Math.min(ahead, source.size - at)) : Buffer.alloc(0)
      start = at
    }
    // Very old files end in a shortened header; its code is enough.
    if (available >= 4 && window.readUInt32LE(at - start) === ENDB) break
    if (available < parse.size) throw truncated(source.size)
    const block = parse.read(window, at - start)
    const end = at + parse.size + block.size
    if (block.size < 0 || !Number.isSafeInteger(block.size)) throw badBlock(at, block)
    // Holes: a file whose middle was never written, or one made to be unpacked into nothing but zeros.
    if (block.code === 0) throw badBlock(at, block)
    if (table.length() === mostBlocks) throw tooManyBlocks()
    if (end > source.size) throw truncated(source.size)
    if (isDataBlockCode(block.code)) owner = table.length()
    else if (block.code !== DATA) owner = -1
    table.push(block, at + parse.size, owner)
    at = end
  }
  return table.finish()
}

/** Two letters and two NULs: a data-block (ID), or `ID` itself, the placeholder of a linked one. */
export function isDataBlockCode(code: BlockCode): boolean {
  return code >>> 16 === 0 && (code & 0xff) !== 0 && code >>> 8 !== 0
}

interface HeaderParser {
  size: number
  read(bytes: Buffer, at: number): RawHeader
}

const parsers: Record<BlendHeader['layout'], (littleEndian: boolean) => HeaderParser> = {
  small32: (le) => ({
    size: 20,
    read: (b, at) => ({
      code: b.readUInt32LE(at),
      size: le ? b.readInt32LE(at + 4) : b.readInt32BE(at + 4),
      low: le ? b.readUInt32LE(at + 8) : b.readUInt32BE(at + 8),
      high: 0,
      struct: le ? b.readInt32LE(at + 12) : b.readInt32BE(at + 12),
      count: le ? b.readInt32LE(at + 16) : b.readInt32BE(at + 16),
    }),
  }),
  small64: (le) => ({
    size: 24,
    read: (b, at) => ({
      code: b.readUInt32LE(at),
      size: le ? b.readInt32LE(at + 4) : b.readInt32BE(at + 4),
      low: le ? b.readUInt32LE(at + 8) : b.readUInt32BE(at + 12),
      high: le ? b.readUInt32LE(at + 12) : b.readUInt32BE(at + 8),
      struct: le ? b.readInt32LE(at + 16) : b.readInt32BE(at + 16),
      count: le ? b.readInt32LE(at + 20) : b.readInt32BE(at + 20),
    }),
  }),
  large: () => ({
    size: 32,
    read: (b, at) => ({
      code: b.readUInt32LE(at),
      struct: b.readInt32LE(at + 4),
      low: b.readUInt32LE(at + 8),
      high: b.readUInt32LE(at + 12),
      size: b.readUInt32LE(at + 16) + b.readInt32LE(at + 20) * 2 ** 32,
      count: b.readUInt32LE(at + 24) + b.readInt32LE(at + 28) * 2 ** 32,
    }),
  }),
}

function badBlock(offset: number, block: RawHeader): BlendError {
  const message = `The block ${JSON.stringify(codeText(block.code))} at byte ${offset} is damaged`
  return new BlendError('BLEND_CORRUPT', message, { offset, size: block.size })
}

function tooManyBlocks(): BlendError {
  const message = `It has more than ${mostBlocks.toLocaleString('en')} blocks`
  return new BlendError('BLEND_CORRUPT', message, { blocks: mostBlocks })
}

function growingTable(headerSize: number): {
  length(): number
  push(block: RawHeader, offset: number, owner: number): void
  finish(): BlockTable
} {
  let length = 0
  let columns = allocate(1024)
  return {
    length: () => length,
    push(block, offset, owner) {
      if (length === columns.code.length) columns = grown(columns, length * 2)
      columns.code[length] = block.code
      columns.struct[length] = block.struct
      columns.addressLow[length] = block.low
      columns.addressHigh[length] = block.high
      columns.offset[length] = offset
      columns.size[length] = block.size
      columns.count[length] = block.count
      columns.owner[length] = owner
      length += 1
    },
    finish: () => ({ length, headerSize, ...columns }),
  }
}

type Columns = Omit<BlockTable, 'length' | 'headerSize'>

function allocate(capacity: number): Columns {
  return {
    code: new Uint32Array(capacity),
    struct: new Int32Array(capacity),
    addressLow: new Uint32Array(capacity),
    addressHigh: new Uint32Array(capacity),
    offset: new Float64Array(capacity),
    size: new Float64Array(capacity),
    count: new Float64Array(capacity),
    owner: new Int32Array(capacity),
  }
}

function grown(old: Columns, capacity: number): Columns {
  const columns = allocate(capacity)
  for (const name of Object.keys(columns) as (keyof Columns)[]) columns[name].set(old[name])
  return columns
}
