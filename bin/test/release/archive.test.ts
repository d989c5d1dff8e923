import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { execa } from 'execa'
import { writeTarGz, writeZip } from '../../src/release/archive.ts'
import { checksums, type Entry, text } from '../../src/release/tree.ts'

const options = { top: 'farm', modified: new Date('2026-01-02T03:04:06Z') }

for (const { name, write } of [
  { name: 'tar.gz', write: writeTarGz },
  { name: 'zip', write: writeZip },
]) {
  test(`a ${name} is the same whatever the order, the time and the time zone`, async (t) => {
    const dir = await tempDir(t)
    const entries = await someEntries(dir)
    await write(join(dir, 'one'), entries, options)
    await utimes(join(dir, 'big.bin'), 1, 1)
    const zone = process.env.TZ
    process.env.TZ = 'Pacific/Auckland'
    await write(join(dir, 'two'), [...entries].reverse(), options)
    if (zone === undefined) delete process.env.TZ
    else process.env.TZ = zone
    assert.deepEqual(await readFile(join(dir, 'one')), await readFile(join(dir, 'two')))
  })
}

test('an unpacked archive passes its own checksums and its launcher runs', async (t) => {
  const dir = await tempDir(t)
  const entries = await someEntries(dir)
  entries.push({ path: 'SHA256SUMS', from: text(await checksums(entries)) })
  await writeTarGz(join(dir, 'a.tar.gz'), entries, options)
  await execa('tar', ['xzf', 'a.tar.gz'], { cwd: dir, timeout: 20_000 })
  const unpacked = join(dir, 'farm')
  await execa('sha256sum', ['--check', '--strict', 'SHA256SUMS'], {
    cwd: unpacked,
    timeout: 20_000,
  })
  const { stdout } = await execa(join(unpacked, 'run'), { timeout: 20_000 })
  assert.equal(stdout, 'ran')
})

async function someEntries(dir: string): Promise<Entry[]> {
  const big = join(dir, 'big.bin')
  await writeFile(big, Buffer.alloc(300_000, 'farm'))
  return [
    { path: 'run', from: text('#!/bin/sh\necho ran\n'), executable: true },
    { path: 'a/bühne 道具.txt', from: text('x') },
    { path: 'a/empty', from: text('') },
    { path: 'b/big.bin', from: { file: big } },
  ]
}

async function tempDir(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'farm-archive-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  return dir
}
