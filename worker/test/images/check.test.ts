import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import sharp from 'sharp'
import { findDamage, previewOf } from '../../src/images/check.ts'
import { isMissing } from '../required.ts'
import { tempDir } from '../temp.ts'

async function image(t: TestContext, name: string, width = 320, height = 180): Promise<string> {
  const file = join(await tempDir(t), name)
  const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const
  await sharp({ create: { width, height, channels: 3, noise, background: '#000' } }).toFile(file)
  return file
}

for (const name of ['frame.png', 'frame.jpg', 'frame.tiff', 'frame.webp']) {
  test(`a whole ${name} is fine, one cut anywhere is not`, async (t) => {
    const file = await image(t, name)
    assert.equal(await findDamage(file), undefined)
    const whole = await readFile(file)
    for (const part of [0.1, 0.5, 0.9, 0.98]) {
      await writeFile(file, whole.subarray(0, Math.floor(whole.length * part)))
      assert.notEqual(await findDamage(file), undefined, `${part} of it`)
    }
  })
}

test('a PNG with a flipped bit is damaged', async (t) => {
  const file = await image(t, 'frame.png')
  const bytes = await readFile(file)
  bytes[bytes.length >> 1]! ^= 0x10
  await writeFile(file, bytes)
  assert.notEqual(await findDamage(file), undefined)
})

test('nothing and an empty file are damaged, whatever the extension', async (t) => {
  const dir = await tempDir(t)
  assert.match((await findDamage(join(dir, 'no.exr'))) ?? '', /does not exist/)
  await writeFile(join(dir, 'empty.hdr'), '')
  assert.match((await findDamage(join(dir, 'empty.hdr'))) ?? '', /empty/)
})

test('a format nobody here can decode passes when it is not empty', async (t) => {
  const file = join(await tempDir(t), 'frame.dpx')
  await writeFile(file, 'SDPX')
  assert.equal(await findDamage(file), undefined)
})

test('a preview is a JPEG no larger than asked for, and never enlarged', async (t) => {
  const large = await previewOf(await image(t, 'a.png', 2400, 800))
  const { format, width, height } = await sharp(large).metadata()
  assert.deepEqual({ format, width, height }, { format: 'jpeg', width: 1920, height: 640 })
  const small = await sharp(await previewOf(await image(t, 'b.png', 20, 10))).metadata()
  assert.equal(small.width, 20)
})

test('a decoder that is killed in mid-picture is started anew, and the answer is right', async (t) => {
  const file = await image(t, 'large.png', 1000, 800)
  await findDamage(file) // it runs now
  const asking = Promise.all([findDamage(file), findDamage(file)])
  const [decoder] = await childrenOf(process.pid)
  process.kill(decoder!, 'SIGKILL')
  assert.deepEqual(await asking, [undefined, undefined])
})

/** A picture of grey stripes of that much light. */
async function lightImage(
  t: TestContext,
  name: string,
  stripes: readonly number[],
): Promise<string> {
  const dir = await tempDir(t)
  const row = stripes.flatMap((light) => Array<number>(8 * 3).fill(light))
  const pixels = new Float32Array(Array.from({ length: 8 }, () => row).flat())
  const raw = join(dir, 'light.pfm')
  const head = Buffer.from(`PF\n${stripes.length * 8} 8\n-1.0\n`)
  await writeFile(raw, Buffer.concat([head, Buffer.from(pixels.buffer)]))
  const file = join(dir, name)
  execFileSync('ffmpeg', ['-v', 'error', '-i', raw, '-update', '1', file])
  return file
}

for (const name of ['100%d of [it].exr', 'frame.hdr']) {
  test(`${name} is shown in tones a screen has, and no light is too much`, async (t) => {
    if (isMissing(t, 'ffmpeg', ['-version'])) return
    const stripes = [0, 0.18, 0.5, 1, 4, 50]
    const preview = await previewOf(await lightImage(t, name, stripes))
    const { data, info } = await sharp(preview).raw().toBuffer({ resolveWithObject: true })
    assert.deepEqual([info.width, info.height], [stripes.length * 8, 8])
    const tones = stripes.map((_, i) => data[(4 * info.width + i * 8 + 4) * info.channels]!)
    const [black, grey, half, white, bright, glare] = tones as [number, ...number[]]
    assert.ok(black! < 3, `${tones}`)
    assert.ok(Math.abs(grey! - 118) < 4 && Math.abs(half! - 188) < 4, `as sRGB has them: ${tones}`)
    assert.ok(white! > 225 && white! + 5 < bright! && bright! <= glare! && glare! < 256, `${tones}`)
  })
}

test('of an EXR file in layers the picture is shown', async (t) => {
  if (isMissing(t, 'ffmpeg', ['-version']) || isMissing(t, 'blender')) return
  const dir = await tempDir(t)
  const script = [
    'import bpy',
    's = bpy.context.scene',
    "s.render.engine = 'CYCLES'",
    's.cycles.samples = 1; s.cycles.use_denoising = False',
    's.render.resolution_x = 64; s.render.resolution_y = 36; s.render.resolution_percentage = 100',
    'bpy.context.view_layer.use_pass_z = True',
    "if hasattr(s.render.image_settings, 'media_type'): s.render.image_settings.media_type = 'MULTI_LAYER_IMAGE'",
    "s.render.image_settings.file_format = 'OPEN_EXR_MULTILAYER'",
    `s.render.filepath = ${JSON.stringify(join(dir, 'layers.exr'))}`,
    'bpy.ops.render.render(write_still=True)',
  ].join('\n')
  execFileSync('blender', ['-b', '--factory-startup', '--python-expr', script], { stdio: 'ignore' })
  const { width, height } = await sharp(await previewOf(join(dir, 'layers.exr'))).metadata()
  assert.deepEqual([width, height], [64, 36])
  const { channels } = await sharp(await previewOf(join(dir, 'layers.exr'))).stats()
  assert.ok(channels[0]!.max - channels[0]!.min > 30, 'the cube before the world')
})

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return text.trim().split(' ').map(Number)
}
