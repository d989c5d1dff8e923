import { randomFillSync } from 'node:crypto'
import type { FrameStep } from '../../src/delta/pack-frames.ts'

/** One block of a made-up .blend. */
export interface SampleBlock {
  readonly code: string
  readonly payload: Uint8Array
}

/** The header variants Blender has written: pointer size, byte order, and the large one of 5.0. */
export type SampleShape = '32-little' | '32-big' | '64-little' | '64-big' | 'large'

export const sampleShapes: readonly SampleShape[] = [
  '32-little',
  '32-big',
  '64-little',
  '64-big',
  'large',
]

/** A file with the outer form of a .blend: header, blocks at addresses from `address` on, ENDB. */
export function makeBlend(
  shape: SampleShape,
  blocks: readonly SampleBlock[],
  address = 1n,
): Buffer {
  const parts = [fileHeader(shape)]
  blocks.forEach(({ code, payload }, index) => {
    parts.push(blockHeader(shape, code, payload.length, address + BigInt(index * 64)))
    parts.push(Buffer.from(payload))
  })
  parts.push(blockHeader(shape, 'ENDB', 0, 0n))
  return Buffer.concat(parts)
}

/** Reproducible noise: the same seed gives the same bytes. */
export function noise(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length)
  let state = seed * 2654435761 + 12345
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    bytes[at] = state >>> 24
  }
  return bytes
}

/** Bytes nobody has seen before. */
export function fresh(length: number): Buffer {
  return randomFillSync(Buffer.alloc(length))
}

function fileHeader(shape: SampleShape): Buffer {
  if (shape === 'large') return Buffer.from('BLENDER17-01v0500', 'latin1')
  const [pointer, order] = shape.split('-')
  return Buffer.from(`BLENDER${pointer === '32' ? '_' : '-'}${order === 'little' ? 'v' : 'V'}403`)
}

function blockHeader(shape: SampleShape, code: string, length: number, address: bigint): Buffer {
  const bytes = Buffer.alloc(shape === 'large' ? 32 : shape.startsWith('32') ? 20 : 24)
  bytes.write(code, 'latin1')
  if (shape === 'large') {
    bytes.writeBigUInt64LE(address, 8)
    bytes.writeBigInt64LE(BigInt(length), 16)
  } else if (shape.endsWith('little')) {
    bytes.writeInt32LE(length, 4)
    bytes.writeUInt32LE(Number(address & 0xffffffffn), 8)
  } else {
    bytes.writeInt32BE(length, 4)
    bytes.writeUInt32BE(Number(address & 0xffffffffn), 8)
  }
  return bytes
}

/** A .blend in pieces as Blender compresses them: each large payload begins one of its own, of 1 MiB at most. */
export function framesOf(blend: Buffer): Buffer[] {
  const most = 1 << 20
  const cuts = [0, 12]
  for (let at = 12; at + 24 <= blend.length; ) {
    const length = blend.readInt32LE(at + 4)
    if (length < 0 || length > blend.length - at - 24) break
    if (length >= 100_000) cuts.push(at + 24, at + 24 + length)
    at += 24 + length
  }
  cuts.push(blend.length)
  return cuts.flatMap((from, index) => {
    const to = cuts[index + 1] ?? from
    const count = Math.ceil((to - from) / most)
    return Array.from({ length: count }, (_, n) =>
      blend.subarray(from + n * most, Math.min(to, from + (n + 1) * most)),
    )
  })
}

/** A frame of bytes, to be packed. */
export function asStep(bytes: Uint8Array): FrameStep {
  const { length } = bytes
  return { length, parts: [{ literals: length }], literals: new Uint8Array(bytes) }
}
