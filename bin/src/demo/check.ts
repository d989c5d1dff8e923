import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '@shaman-farm/terminal'
import { execa } from 'execa'

/**
 * Every frame from 1 to `count` must be on disk and decode.
 * @throws UserError FRAMES_WRONG
 */
export async function checkFrames(dir: string, count: number): Promise<void> {
  for (let frame = 1; frame <= count; frame++) {
    const file = join(dir, `${String(frame).padStart(6, '0')}.png`)
    const decoded = await framesIn(file)
    if (decoded !== 1) {
      throw new UserError(`Frame ${frame} is missing or does not decode: ${file}`, {
        code: 'FRAMES_WRONG',
      })
    }
  }
}

/**
 * The preview video must hold as many pictures as frames were rendered.
 * @returns its path
 * @throws UserError VIDEO_WRONG
 */
export async function checkVideo(dir: string, frames: number): Promise<string> {
  const name = (await readdir(dir)).find((entry) => entry.endsWith('.mp4'))
  if (!name) throw new UserError(`No preview video in ${dir}`, { code: 'VIDEO_WRONG' })
  const file = join(dir, name)
  const decoded = await framesIn(file)
  if (decoded !== frames) {
    throw new UserError(`The video has ${decoded} pictures instead of ${frames}: ${file}`, {
      code: 'VIDEO_WRONG',
    })
  }
  return file
}

/** How many pictures ffmpeg decodes from a file without complaint; 0 if it can't. */
async function framesIn(file: string): Promise<number> {
  const args = [
    '-v',
    'error',
    '-xerror',
    '-progress',
    'pipe:1',
    '-i',
    file,
    '-map',
    '0:v:0',
    '-f',
    'null',
    '-',
  ]
  const result = await execa('ffmpeg', args, { reject: false, timeout: 60_000 })
  if (result.exitCode !== 0) return 0
  return Number(/frame=\s*(\d+)(?![\s\S]*frame=)/.exec(result.stdout)?.[1] ?? 0)
}
