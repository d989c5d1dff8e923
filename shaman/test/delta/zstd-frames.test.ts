import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { bytesOf } from '../../src/delta/apply.ts'
import { type ByteSource, openFileSource, readPart } from '../../src/delta/byte-source.ts'
import { createFramePacker } from '../../src/delta/frame-packer.ts'
import type { FramePart } from '../../src/delta/frame-worker.ts'
import { canRepack, type FrameStep, packFrames } from '../../src/delta/pack-frames.ts'
import { type Frame, openUnpacked, readFrames } from '../../src/delta/zstd-frames.ts'
import { readAll, tempDir } from '../support/farm.ts'
import { asStep, fresh } from './blend-samples.ts'

const packer = createFramePacker({ threads: 2 })
after(() => packer.close())

const lengths = [17, 300_000, 1, 1_048_576, 77_777]
const content = Buffer.concat([fresh(400_000), Buffer.alloc(600_000), fresh(426_371)])

test('what the frames of a file hold can be read at any offset', async () => {
  const packed = await pack()
  const file = sourceOf(packed)
  const frames = (await readFrames(file))!
  assert.deepEqual(
    frames.map(({ length }) => length),
    lengths,
  )
  const unpacked = openUnpacked(file, frames)
  assert.equal(unpacked.size, content.length)
  for (const [offset, length] of [
    [0, content.length],
    [16, 2],
    [300_016, 3],
    [299_000, 1_000_000],
    [content.length - 1, 1],
  ] as const) {
    const part = await readAll(
      readPart({ from: unpacked, offset, length }, () => new Error('short')),
    )
    assert.ok(part.equals(content.subarray(offset, offset + length)), `${offset}+${length}`)
  }
})

test('frames packed again from what they hold are the same bytes', async (t) => {
  const packed = await pack()
  const path = join(await tempDir(t), 'packed')
  await writeFile(path, packed)
  const file = await openFileSource(path)
  t.after(() => file.close())
  const frames = (await readFrames(file))!
  assert.equal(await canRepack(file, frames, packer), true)
  const unpacked = openUnpacked(file, frames)
  async function* steps(): AsyncGenerator<FrameStep> {
    for (const [index, frame] of frames.entries()) {
      // Every other one is taken as it is.
      if (index % 2 === 0) yield { from: file, frame }
      else
        yield asStep(
          await readAll(readPart({ from: unpacked, ...frame }, () => new Error('short'))),
        )
    }
  }
  assert.ok((await readAll(bytesOf(packFrames(steps(), packer)))).equals(packed))
})

test('a frame is the same bytes whether its pieces keep their places in an old one, move in it or come from several', async (t) => {
  const packed = await pack()
  const path = join(await tempDir(t), 'packed')
  await writeFile(path, packed)
  const file = await openFileSource(path)
  t.after(() => file.close())
  const frames = (await readFrames(file))!
  const [, second, , large] = frames
  const literals = fresh(100)
  const of = (frame: Frame, offset: number, length: number): FramePart => ({
    fd: file.fd,
    offset,
    length,
    frame,
  })
  const cases: Record<string, FramePart[]> = {
    'in their places': [
      of(large!, 0, 5000),
      { literals: 100 },
      { zeros: 50 },
      of(large!, 5150, large!.length - 5150),
    ],
    'one of them moved': [
      of(large!, 0, 5000),
      { literals: 100 },
      of(large!, 0, 50),
      of(large!, 5150, large!.length - 5150),
    ],
    'a piece of another between': [
      of(second!, 7, 5000),
      { literals: 100 },
      of(large!, 5100, large!.length - 5100),
    ],
    'all moved into a shorter one': [of(large!, 300, 4000), { literals: 100 }, of(second!, 0, 9)],
  }
  for (const [name, parts] of Object.entries(cases)) {
    const expected = Buffer.concat(parts.map(bytesOfPart))
    const { length } = expected
    const [made, plain] = await Promise.all([
      packer.pack({ length, parts, literals }),
      packer.pack({ length, parts: [{ literals: length }], literals: expected }),
    ])
    assert.ok(Buffer.from(made).equals(plain), name)
    await assert.rejects(packer.pack({ length: length + 1, parts, literals }), name)
    await assert.rejects(packer.pack({ length: length - 1, parts, literals }), name)
  }

  function bytesOfPart(part: FramePart): Uint8Array {
    if ('literals' in part) return literals
    if ('zeros' in part) return Buffer.alloc(part.zeros)
    const at = part.frame!.offset + part.offset
    return content.subarray(at, at + part.length)
  }
})

test('a file whose table is cut, altered or missing is not taken for one of frames', async () => {
  const packed = await pack()
  assert.equal(await readFrames(sourceOf(Buffer.alloc(0))), undefined)
  assert.equal(await readFrames(sourceOf(fresh(5000))), undefined)
  for (const end of [1, 4, 9, 20, 48]) {
    assert.equal(await readFrames(sourceOf(packed.subarray(0, packed.length - end))), undefined)
  }
  const table = 8 + lengths.length * 8 + 9
  for (let at = packed.length - table; at < packed.length; at++) {
    const altered = Buffer.from(packed)
    altered[at]! ^= 0x80
    const frames = await readFrames(sourceOf(altered))
    if (frames === undefined) continue
    // Only a frame's unpacked length can be wrong unnoticed; reading that frame tells.
    const unpacked = openUnpacked(sourceOf(altered), frames)
    await assert.rejects(
      readAll(
        readPart({ from: unpacked, offset: 0, length: unpacked.size }, () => new Error('short')),
      ),
    )
  }
})

async function pack(): Promise<Buffer> {
  let at = 0
  const steps = lengths.map((length) => {
    at += length
    return asStep(content.subarray(at - length, at))
  })
  return readAll(bytesOf(packFrames(ReadableStream.from(steps), packer)))
}

function sourceOf(bytes: Buffer): ByteSource {
  return {
    size: bytes.length,
    read: async (target, offset) => bytes.copy(target, 0, offset),
    close: async () => {},
  }
}
