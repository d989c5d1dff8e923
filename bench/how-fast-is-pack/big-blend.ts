import { closeSync, openSync, writeSync } from 'node:fs'
import { openBlend } from '@shaman-farm/pack/blend'

const blockBytes = 256 * 1024 * 1024
const chunkBytes = 16 * 1024 * 1024

/** Copies a .blend and puts huge blocks into it, as meshes have them: bytes that nothing points out of. */
export async function enlarge(from: string, to: string, bytes: number): Promise<void> {
  const file = await openBlend(from)
  const out = openSync(to, 'w')
  const write = (buffer: Buffer): void => {
    for (let done = 0; done < buffer.length; ) done += writeSync(out, buffer, done)
  }
  try {
    const mesh = file.withCode('ME')[0]
    if (mesh === undefined) throw new Error(`${from} has no mesh`)
    const { offset, size, headerSize } = file.blocks
    const end = offset[mesh]! + size[mesh]!
    write(file.source.read(0, end))
    const noise = Buffer.alloc(chunkBytes)
    for (let i = 0; i < noise.length; i += 4) noise.writeUInt32LE(Math.imul(i, 0x9e3779b1) >>> 0, i)
    for (let done = 0; done < bytes; done += blockBytes) {
      write(blockHeader(headerSize, 0x7000_0000 + done / 1024))
      for (let at = 0; at < blockBytes; at += chunkBytes) write(noise)
    }
    write(file.source.read(end, file.source.size - end))
  } finally {
    file.close()
    closeSync(out)
  }
}

/** Of a small 64-bit file (until Blender 4.5). */
function blockHeader(size: number, address: number): Buffer {
  const bytes = Buffer.alloc(size)
  bytes.write('DATA')
  bytes.writeInt32LE(blockBytes, 4)
  bytes.writeUInt32LE(address, 8)
  bytes.writeInt32LE(1, 20)
  return bytes
}
