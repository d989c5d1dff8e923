import { open, stat } from 'node:fs/promises'
import { findFfmpeg } from '../commands/frames-to-video.ts'
import { askDecoder } from './decoder.ts'
import { colourLayer, findExrDamage } from './exr.ts'
import { findTiffDamage } from './tiff.ts'

type ImageFormat = 'png' | 'jpeg' | 'tiff' | 'webp' | 'exr' | 'hdr'

/** What is wrong with an image file, or undefined when it is whole. */
export async function findDamage(file: string): Promise<string | undefined> {
  const info = await stat(file).catch(() => undefined)
  if (!info) return 'it does not exist'
  if (info.size === 0) return 'it is empty'
  const format = await formatOf(file)
  if (format === 'exr') return findExrDamage(file, info.size)
  if (format === 'tiff') {
    const damage = await findTiffDamage(file, info.size)
    if (damage !== undefined) return damage
  }
  if (format !== undefined && format !== 'hdr') {
    return askDecoder({ kind: 'damage', file })
  }
  // Others (HDR, TGA, DPX, movies...) have no decoder here: present and not empty must do.
  return undefined
}

/** A JPEG of at most this size, for showing; undefined when the format cannot be decoded. EXR and HDR need ffmpeg. */
export async function previewOf(
  file: string,
  size: { width: number; height: number } = { width: 1920, height: 1080 },
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const format = await formatOf(file)
  if (format === undefined) return undefined
  if (format !== 'exr' && format !== 'hdr') return askDecoder({ kind: 'preview', file, size })
  const ffmpeg = await findFfmpeg('ffmpeg', process.platform)
  const layer = format === 'exr' ? await colourLayer(file) : undefined
  return askDecoder({ kind: 'preview', file, size, light: { ffmpeg, format, layer } })
}

/** By the first bytes: an extension is a claim, not a fact. */
async function formatOf(file: string): Promise<ImageFormat | undefined> {
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(12), 0, 12, 0)
    const head = buffer.subarray(0, bytesRead)
    const hex = head.toString('hex')
    if (hex.startsWith('89504e470d0a1a0a')) return 'png'
    if (hex.startsWith('ffd8ff')) return 'jpeg'
    if (hex.startsWith('49492a00') || hex.startsWith('4d4d002a')) return 'tiff'
    if (head.toString('latin1', 0, 4) === 'RIFF' && head.toString('latin1', 8) === 'WEBP') {
      return 'webp'
    }
    if (head.toString('latin1', 0, 2) === '#?') return 'hdr'
    return hex.startsWith('762f3101') ? 'exr' : undefined
  } finally {
    await handle.close()
  }
}
