import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import sharp from 'sharp'
import { findDamage, previewOf } from '../../src/images/check.ts'
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

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return text.trim().split(' ').map(Number)
}
