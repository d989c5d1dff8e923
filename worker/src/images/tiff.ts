import { type FileHandle, open } from 'node:fs/promises'

// TIFF 6.0, sections 2 and 8: a directory of 12-byte entries, wherever the header points; values of
// more than 4 bytes lie elsewhere. Decoders take a directory that is cut off for a short one.

const sizeOfType: readonly number[] = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8]

/** Whether the first directory and all it points to lie within the file; pixels are not looked at. */
export async function findTiffDamage(file: string, size: number): Promise<string | undefined> {
  const handle = await open(file)
  try {
    return (await isCutOff(handle, size)) ? 'it is cut off' : undefined
  } finally {
    await handle.close()
  }
}

async function isCutOff(handle: FileHandle, size: number): Promise<boolean> {
  if (size < 8) return true
  const header = await readAt(handle, 0, 8)
  const isLittle = header.toString('latin1', 0, 2) === 'II'
  const u16 = (bytes: Buffer, at: number): number =>
    isLittle ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at)
  const u32 = (bytes: Buffer, at: number): number =>
    isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)
  const start = u32(header, 4)
  if (start === 0 || start + 2 > size) return true
  const count = u16(await readAt(handle, start, 2), 0)
  if (start + 2 + 12 * count + 4 > size) return true
  const entries = await readAt(handle, start + 2, 12 * count)
  for (let at = 0; at < entries.length; at += 12) {
    const length = (sizeOfType[u16(entries, at + 2)] ?? 1) * u32(entries, at + 4)
    if (length > 4 && u32(entries, at + 8) + length > size) return true
  }
  return false
}

async function readAt(handle: FileHandle, at: number, length: number): Promise<Buffer> {
  return (await handle.read(Buffer.alloc(length), 0, length, at)).buffer
}
