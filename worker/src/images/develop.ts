import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Sharp } from 'sharp'
import sharp from 'sharp'

export interface LightOptions {
  /** Where ffmpeg is. */
  ffmpeg: string
  format: 'exr' | 'hdr'
  /** The layer of an EXR file that is to be shown; without one, the channels that have no layer. */
  layer?: string | undefined
  size: { width: number; height: number }
}

// Up to here light is shown as it is; what is brighter is pressed together, so that no lamp is one white spot.
const shoulder = 0.6
const steps = 4096
const shownAs = Uint8Array.from({ length: steps + 1 }, (_, i) =>
  Math.round(255 * encode(i / steps)),
)

/**
 * A picture of the light in an EXR or Radiance file, for screens. ffmpeg decodes and shrinks; the tones are made here,
 * as not every build of it has filters for that.
 */
export async function develop(file: string, options: LightOptions): Promise<Sharp> {
  const { width, height, light } = readPfm(await decode(file, options))
  const pixels = new Uint8Array(light.length)
  const row = width * 3
  for (let y = 0; y < height; y += 1) {
    // The lowest row comes first.
    const from = (height - 1 - y) * row
    for (let i = 0; i < row; i += 1) pixels[y * row + i] = tone(light[from + i]!)
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } })
}

async function decode(
  file: string,
  { ffmpeg, format, layer, size }: LightOptions,
): Promise<Buffer> {
  const fit = `scale='min(${size.width},iw)':'min(${size.height},ih)':force_original_aspect_ratio=decrease`
  const { stdout } = await promisify(execFile)(
    ffmpeg,
    [
      ...['-v', 'error', '-threads', '1', ...(layer ? ['-layer', layer] : [])],
      // Told what it is, ffmpeg takes a name with a % in it for no pattern; and with `file:` none for an address.
      ...['-f', `${format}_pipe`, '-i', `file:${file}`, '-frames:v', '1', '-vf', fit],
      ...['-pix_fmt', 'gbrpf32le', '-c:v', 'pfm', '-f', 'image2pipe', '-'],
    ],
    {
      encoding: 'buffer',
      maxBuffer: size.width * size.height * 12 + 1024,
      timeout: 60_000,
      windowsHide: true,
    },
  )
  return stdout
}

/** Three lines of text (kind, size, byte order), then three floats for each pixel. */
function readPfm(bytes: Buffer): { width: number; height: number; light: Float32Array } {
  const head = /^PF\s(\d+)\s(\d+)\s-[\d.]+\s/.exec(bytes.toString('latin1', 0, 64))
  if (!head) throw new Error('ffmpeg made no picture of it')
  const [width, height] = [Number(head[1]), Number(head[2])]
  const start = bytes.byteOffset + head[0].length
  const floats = bytes.buffer.slice(start, start + width * height * 12)
  return { width, height, light: new Float32Array(floats) }
}

function tone(light: number): number {
  // What is not a number is black, too.
  if (!(light > 0)) return 0
  const over = (light - shoulder) / (1 - shoulder)
  const pressed = over === Infinity ? 1 : over / (1 + over)
  const shown = over <= 0 ? light : shoulder + (1 - shoulder) * pressed
  return shownAs[Math.round(shown * steps)]!
}

/** The curve of sRGB. */
function encode(linear: number): number {
  return linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055
}
