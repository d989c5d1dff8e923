import assert from 'node:assert/strict'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import sharp from 'sharp'
import { concatIndex, findFfmpeg } from '../../src/commands/frames-to-video.ts'
import { findCommand } from '../../src/commands/main.ts'
import { isMissing } from '../required.ts'
import { tempDir } from '../temp.ts'
import { testContext } from './context.ts'

const framesToVideo = findCommand('frames-to-video')
const args = ['-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-y']

async function makeFrames(dir: string, count: number): Promise<void> {
  await mkdir(dir, { recursive: true })
  for (let i = 1; i <= count; i++) {
    const background = { r: i * 20, g: 0, b: 0 }
    const image = sharp({ create: { width: 32, height: 32, channels: 3, background } })
    await image.toFile(join(dir, `${String(i).padStart(6, '0')}.png`))
  }
}

for (const platform of ['linux', 'win32'] as const) {
  test(`real ffmpeg makes a video as on ${platform}, from a folder with an awkward name`, async (t) => {
    if (isMissing(t, 'ffmpeg', ['-version'])) return
    const dir = join(await tempDir(t), "shöt [v01] it's {x}")
    await makeFrames(dir, 10)
    const context = testContext(t, { platform })
    const outputFile = join(dir, 'out', 'video.mp4')
    await framesToVideo(
      { exe: 'ffmpeg', fps: 24, inputGlob: join(dir, '*.png'), outputFile, args },
      context,
    )
    assert.ok((await stat(outputFile)).size > 0)
    const frames = context.lines
      .join('\n')
      .match(/frame= *(\d+)/g)
      ?.at(-1)
    assert.match(frames ?? '', /\b10$/)
    if (platform === 'linux') assert.match(context.lines[0]!, /-r 24 -pattern_type glob -i /)
    else assert.match(context.lines[0]!, /-f concat -safe 0 -i .*ffmpeg-file-index\.txt/)
    await assert.rejects(readFile(join(dir, 'ffmpeg-file-index.txt')), { code: 'ENOENT' })
  })
}

test('no frames is a missing file, told before ffmpeg starts', async (t) => {
  const dir = await tempDir(t)
  const inputGlob = join(dir, '*.png')
  const parameters = { exe: 'ffmpeg', fps: 24, inputGlob, outputFile: join(dir, 'x.mp4') }
  await assert.rejects(framesToVideo(parameters, testContext(t)), { reason: 'missing-file' })
})

test('a frame rate of 0 is refused', async (t) => {
  const parameters = { exe: 'ffmpeg', fps: 0, inputGlob: '/x/*.png', outputFile: '/x/x.mp4' }
  await assert.rejects(framesToVideo(parameters, testContext(t)), /"fps" is 0/)
})

test("ffmpeg's failure is told with its last lines", async (t) => {
  if (isMissing(t, 'ffmpeg', ['-version'])) return
  const dir = await tempDir(t)
  await makeFrames(dir, 2)
  const outputFile = join(dir, 'x.no-such-format')
  const parameters = { exe: 'ffmpeg', fps: 24, inputGlob: join(dir, '*.png'), outputFile }
  await assert.rejects(framesToVideo(parameters, testContext(t)), (error: { excerpt: string[] }) =>
    error.excerpt.some((line) => line.includes('output format')),
  )
})

test('the Windows list quotes names and gives each frame its time', () => {
  assert.equal(
    concatIndex(["C:\\it's\\1.png"], 25),
    "# ffmpeg concat list, removed when the video is done\nfile 'C:/it'\\''s/1.png'\nduration 0.04\n",
  )
})

test('a bare ffmpeg is the one in the tools beside the worker, most particular name first, else the one of the PATH', async (t) => {
  const tools = await tempDir(t)
  const add = async (name: string, mode = 0o755): Promise<string> => {
    await writeFile(join(tools, name), '', { mode })
    return join(tools, name)
  }
  const find = (exe = 'ffmpeg') => findFfmpeg(exe, 'linux', tools)
  assert.equal(await find(), 'ffmpeg')
  await add('ffmpeg-linux', 0o644)
  assert.equal(await find(), 'ffmpeg')
  const plain = await add('ffmpeg')
  assert.equal(await find(), plain)
  const arch = process.arch === 'x64' ? 'amd64' : process.arch
  const particular = await add(`ffmpeg-linux-${arch}`)
  assert.equal(await find(), particular)
  assert.equal(await find('/opt/ffmpeg'), '/opt/ffmpeg')
  const windows = await add('ffmpeg-windows.exe')
  assert.equal(await findFfmpeg('ffmpeg.exe', 'win32', tools), windows)
})
