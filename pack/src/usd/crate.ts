import { fstatSync, readSync } from 'node:fs'
import { decodeLz4Block } from './lz4.ts'

/** A crate (`.usdc`, most `.usd`) begins so. */
export const crateMagic = Buffer.from('PXR-USDC')

const tocOffsetAt = 16
const sectionSize = 32
const largestTable = 256 * 1024 * 1024

/**
 * Every word of a crate: names of prims and properties, strings, and all asset paths, which are numbers of words.
 * Throws a RangeError where the file is damaged.
 */
export function tokensOfCrate(fd: number): string[] {
  const { size } = fstatSync(fd)
  const read = (offset: number, length: number): Buffer => {
    if (offset < 0 || length < 0 || offset + length > size || length > largestTable) {
      throw new RangeError('A part of the crate lies outside it')
    }
    const bytes = Buffer.alloc(length)
    readSync(fd, bytes, 0, length, offset)
    return bytes
  }
  const head = read(0, tocOffsetAt + 8)
  const [major, minor] = [head[8]!, head[9]!]
  const section = findSection(read, Number(head.readBigInt64LE(tocOffsetAt)), 'TOKENS')
  if (!section) return []
  const isCompressed = major > 0 || minor >= 4
  const text = isCompressed ? inflate(read, section) : read(section.start + 16, section.size - 16)
  return text.toString('utf8').split('\0').filter(Boolean)
}

type Read = (offset: number, length: number) => Buffer

interface Section {
  readonly start: number
  readonly size: number
}

function findSection(read: Read, at: number, name: string): Section | undefined {
  const count = Number(read(at, 8).readBigUInt64LE())
  const table = read(at + 8, count * sectionSize)
  for (let i = 0; i < count; i += 1) {
    const entry = table.subarray(i * sectionSize, (i + 1) * sectionSize)
    if (entry.toString('latin1', 0, 16).replace(/\0.*$/s, '') !== name) continue
    return { start: Number(entry.readBigInt64LE(16)), size: Number(entry.readBigInt64LE(24)) }
  }
  return undefined
}

/** Since 0.4: how many words, bytes of them, bytes as stored, then one LZ4 block or several with their lengths. */
function inflate(read: Read, { start }: Section): Buffer {
  const counts = read(start, 24)
  const size = Number(counts.readBigUInt64LE(8))
  const stored = read(start + 24, Number(counts.readBigUInt64LE(16)))
  if (size > largestTable) throw new RangeError('The table of words is too large')
  const out = Buffer.alloc(size)
  const chunks = stored.readUInt8(0)
  if (chunks === 0) return out.subarray(0, decodeLz4Block(stored.subarray(1), out))
  let [at, done] = [1, 0]
  for (let i = 0; i < chunks; i += 1) {
    const length = stored.readInt32LE(at)
    if (length < 0 || at + 4 + length > stored.length) throw new RangeError('A block is too long')
    done += decodeLz4Block(stored.subarray(at + 4, at + 4 + length), out.subarray(done))
    at += 4 + length
  }
  return out.subarray(0, done)
}
