import { open } from 'node:fs/promises'

// OpenEXR file layout, https://openexr.com/en/latest/OpenEXRFileLayout.html: magic, version, headers
// of attributes, then per part a table of where its chunks are. Writers fill the table last, so a
// zero or a place beyond the end shows a file that was never finished.

const maxHeaderBytes = 1 << 20
const multiPart = 0x1000
const tiled = 0x200
const deep = 0x800
const linesPerChunk: Record<number, number> = { 3: 16, 4: 32, 5: 16, 6: 32, 7: 32, 8: 32, 9: 256 }

export async function findExrDamage(file: string, size: number): Promise<string | undefined> {
  const handle = await open(file)
  try {
    const bytes = Buffer.alloc(Math.min(size, maxHeaderBytes))
    await handle.read(bytes, 0, bytes.length, 0)
    const found = checkTable(bytes, size)
    if (found.damage !== undefined || found.last === undefined) return found.damage
    const { buffer, bytesRead } = await handle.read(
      Buffer.alloc(4),
      0,
      4,
      found.last + found.sizeAt,
    )
    const end = found.last + found.sizeAt + 4 + (bytesRead < 4 ? 0 : buffer.readUInt32LE(0))
    return bytesRead < 4 || end > size ? 'its last pixels are cut off' : undefined
  } catch (error) {
    if (error instanceof RangeError) return 'its header is cut off'
    throw error
  } finally {
    await handle.close()
  }
}

/** The layer that is what the camera sees, where the colours of a file are in layers. */
export async function colourLayer(file: string): Promise<string | undefined> {
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(maxHeaderBytes), { position: 0 })
    const reds = channelsOf(buffer.subarray(0, bytesRead)).filter((name) => /(?:^|\.)R$/.test(name))
    if (reds.includes('R')) return undefined
    const red = reds.find((name) => name.endsWith('.Combined.R')) ?? reds[0]
    return red?.slice(0, -2)
  } finally {
    await handle.close()
  }
}

/** Each is a name and 16 bytes of how it is stored. */
function channelsOf(bytes: Buffer): string[] {
  const attribute = 'channels\0chlist\0'
  const names: string[] = []
  let at = bytes.indexOf(attribute) + attribute.length + 4
  while (at > attribute.length + 4 && bytes[at] !== undefined && bytes[at] !== 0) {
    const end = bytes.indexOf(0, at)
    if (end < 0) break
    names.push(bytes.toString('latin1', at, end))
    at = end + 17
  }
  return names
}

interface Table {
  damage?: string
  /** Where the chunk furthest back begins, and how far into it its length is written. */
  last?: number
  sizeAt: number
}

function checkTable(bytes: Buffer, size: number): Table {
  const flags = bytes.readUInt32LE(4)
  let at = 8
  let chunks = 0
  do {
    const part = readPart(bytes, at)
    at = part.end
    // Tiled single-part files do not say how many chunks they have; their header alone is checked.
    chunks += part.chunks ?? (flags & tiled ? 0 : scanLineChunks(part))
  } while (flags & multiPart && bytes[at] !== 0)
  if (flags & multiPart) at += 1
  // Before its length a chunk has its part, if there are several, and its first line.
  const sizeAt = flags & multiPart ? 8 : 4
  let last = 0
  for (let i = 0; i < chunks && at + 8 <= bytes.length; i++, at += 8) {
    const offset = bytes.readBigUInt64LE(at)
    if (offset === 0n || offset >= BigInt(size)) return { damage: 'it was never finished', sizeAt }
    last = Math.max(last, Number(offset))
  }
  if (at >= size) return { damage: 'it ends before its first pixel', sizeAt }
  // Tiles and deep pixels write their length elsewhere.
  return last === 0 || flags & (tiled | deep) ? { sizeAt } : { last, sizeAt }
}

interface Part {
  end: number
  chunks?: number
  lines: number
  compression: number
}

function readPart(bytes: Buffer, start: number): Part {
  const part: Part = { end: start, lines: 0, compression: 0 }
  let at = start
  const text = (): string => {
    const stop = bytes.indexOf(0, at)
    if (stop < 0) throw new RangeError('no end of text')
    const value = bytes.toString('latin1', at, stop)
    at = stop + 1
    return value
  }
  for (let name = text(); name !== ''; name = text()) {
    text() // the type
    const length = bytes.readInt32LE(at)
    at += 4
    if (name === 'chunkCount') part.chunks = bytes.readInt32LE(at)
    if (name === 'compression') part.compression = bytes.readUInt8(at)
    if (name === 'dataWindow')
      part.lines = bytes.readInt32LE(at + 12) - bytes.readInt32LE(at + 4) + 1
    if (length < 0) throw new RangeError('negative length')
    at += length
  }
  return { ...part, end: at }
}

function scanLineChunks(part: Part): number {
  return Math.ceil(part.lines / (linesPerChunk[part.compression] ?? 1))
}
