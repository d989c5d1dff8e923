import sharp from 'sharp'
import { develop, type LightOptions } from './develop.ts'

// One image at a time, nothing kept: a worker's memory belongs to Blender.
sharp.cache(false)
sharp.concurrency(1)

export interface PreviewOptions {
  size: { width: number; height: number }
  /** For files that hold light rather than colours. */
  light?: Omit<LightOptions, 'size'> | undefined
}

/** A JPEG of at most this size, for showing. */
export async function makePreview(
  file: string,
  { size, light }: PreviewOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const picture = light
    ? await develop(file, { ...light, size })
    : sharp(file, { limitInputPixels: false, sequentialRead: true })
  const jpeg = await picture
    .resize({ ...size, fit: 'inside', withoutEnlargement: true })
    .flatten({ background: '#000' })
    .toColourspace('srgb')
    .jpeg({ quality: 85 })
    .toBuffer()
  return new Uint8Array(jpeg)
}

/** What is wrong with the pixels of a file, or undefined. */
export async function decodeAll(file: string): Promise<string | undefined> {
  try {
    await sharp(file, { failOn: 'error', limitInputPixels: false, sequentialRead: true })
      .resize({ width: 16, fastShrinkOnLoad: false })
      .raw()
      .toBuffer()
    return undefined
  } catch (error) {
    return `it cannot be decoded: ${(error as Error).message.split('\n')[0]}`
  }
}
