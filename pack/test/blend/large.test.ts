import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { zstdCompressSync } from 'node:zlib'
import { buildBlend, layouts, seekTableOf } from '../blend-builder.ts'
import { images, tempDir, write } from '../project-builder.ts'

const farm = join(import.meta.dirname, '../../../bin/src/main.ts')
const gib = 2 ** 30
const mostMiB = 300

/** The start of a file with one image, a block of 4 GiB that is yet to come, and the rest. */
function partsOfLarge(): { start: Buffer; end: Buffer } {
  const layout = layouts.large!
  const marker = Buffer.from('what the huge block begins with')
  const whole = buildBlend(layout, [
    ...images({ x: '//x.png' }),
    { code: 'DATA', address: 0x900, bytes: marker },
    ...images({ y: '//y.png' }).map((block) => ({ ...block, address: 0x901 })),
  ])
  const at = whole.indexOf(marker)
  const start = Buffer.from(whole.subarray(0, at))
  // The length in a large block header.
  start.writeBigInt64LE(BigInt(4 * gib), at - 32 + 16)
  return { start, end: whole.subarray(at + marker.length) }
}

function listWithin(blend: string): { lines: string[]; maxRssMiB: number } {
  const atExit = `data:text/javascript,process.on('exit',()=>console.error('RSS',process.resourceUsage().maxRSS))`
  const args = ['--import', atExit, farm, 'pack', 'list', '--json', blend]
  const done = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 240_000 })
  assert.equal(done.status, 0, done.stderr)
  const maxRssMiB = Number(/^RSS (\d+)$/m.exec(done.stderr)?.[1]) / 1024
  return { lines: done.stdout.split('\n').filter(Boolean), maxRssMiB }
}

test('a .blend of 4 GiB is traced in less than 300 MiB', (t) => {
  const dir = tempDir(t)
  const { start, end } = partsOfLarge()
  const blend = join(dir, 'sparse.blend')
  const fd = openSync(blend, 'w')
  writeSync(fd, start)
  ftruncateSync(fd, start.length + 4 * gib)
  writeSync(fd, end, 0, end.length, start.length + 4 * gib)
  closeSync(fd)
  const { lines, maxRssMiB } = listWithin(blend)
  assert.equal(lines.length, 2)
  assert.ok(maxRssMiB < mostMiB, `${maxRssMiB} MiB`)
})

for (const [how, seekTable] of [
  ['in frames with a seek table', true],
  ['in frames alone', false],
] as const) {
  test(`a .blend of 4 GiB, zstd ${how}, is traced in less than 300 MiB`, (t) => {
    const dir = tempDir(t)
    const { start, end } = partsOfLarge()
    const zeros = Buffer.alloc(2 ** 20)
    const contents = [start, ...Array.from({ length: 4096 }, () => zeros), end]
    const empty = zstdCompressSync(zeros)
    const frames = contents.map((part) => (part === zeros ? empty : zstdCompressSync(part)))
    const sizes = contents.map((part) => part.length)
    const table = seekTable ? seekTableOf(frames, sizes) : Buffer.alloc(0)
    const blend = write(dir, 'zstd.blend', Buffer.concat([...frames, table]))
    const { lines, maxRssMiB } = listWithin(blend)
    assert.equal(lines.length, 2)
    assert.ok(maxRssMiB < mostMiB, `${maxRssMiB} MiB`)
  })
}
