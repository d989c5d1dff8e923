import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { openBlend } from '../../src/blend/main.ts'

const mebi = 1024 * 1024

function save(t: TestContext, bytes: Buffer): string {
  const dir = mkdtempSync(join(tmpdir(), 'farm-bomb-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  const path = join(dir, 'x.blend')
  writeFileSync(path, bytes)
  return path
}

/** A header, and behind it what unpacks into a thousand times as much. */
function bomb(filling: Buffer): Buffer {
  const bytes = Buffer.alloc(96 * mebi)
  for (let at = 0; at < bytes.length; at += filling.length) filling.copy(bytes, at)
  return Buffer.concat([Buffer.from('BLENDER-v403'), bytes])
}

for (const [name, compress] of [
  ['gzip', (bytes: Buffer) => gzipSync(bytes)],
  ['zstd', (bytes: Buffer) => zstdCompressSync(bytes)],
] as const) {
  test(`what unpacks into nothing but zeros is refused at its first block, ${name}`, async (t) => {
    const path = save(t, compress(bomb(Buffer.alloc(mebi))))
    await assert.rejects(openBlend(path), { code: 'BLEND_CORRUPT', message: /at byte 12/ })
  })
}

test('a description of structs of many megabytes is not read into memory', async (t) => {
  const header = Buffer.alloc(24)
  header.write('DNA1')
  header.writeInt32LE(80 * mebi, 4)
  const end = Buffer.alloc(24)
  end.write('ENDB')
  const parts = [Buffer.from('BLENDER-v403'), header, Buffer.alloc(80 * mebi), end]
  const path = save(t, gzipSync(Buffer.concat(parts), { level: 1 }))
  await assert.rejects(openBlend(path), { code: 'BLEND_CORRUPT', message: /implausibly large/ })
})

test('what unpacks into more than the temporary disk should hold is refused, and takes no room', async (t) => {
  const disk = mkdtempSync(join(tmpdir(), 'farm-small-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=200m', 'none', disk], { stdio: 'ignore' })
  } catch {
    rmSync(disk, { recursive: true })
    return t.skip('no disk can be mounted here')
  }
  t.after(() => {
    execFileSync('umount', ['-l', disk])
    rmSync(disk, { recursive: true })
  })
  const path = save(t, gzipSync(bomb(Buffer.from('noise of a scene')), { level: 1 }))
  const before = process.env.TMPDIR
  process.env.TMPDIR = disk
  t.after(() => {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
  })
  await assert.rejects(openBlend(path), { code: 'BLEND_NO_ROOM', message: /more room/ })
  const free = execFileSync('df', ['--output=used', disk], { encoding: 'utf8' })
  assert.ok(Number(/\d+/.exec(free)![0]) < 1024, free)
})
