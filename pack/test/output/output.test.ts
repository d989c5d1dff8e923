import assert from 'node:assert/strict'
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { zstdDecompressSync } from 'node:zlib'
import { extract } from 'tar-stream'
import { planPack, tracePack } from '../../src/main.ts'
import { packToFolder } from '../../src/output/folder.ts'
import { describePack } from '../../src/output/pack-info.ts'
import { packToTar } from '../../src/output/tar.ts'
import { verifyPack } from '../../src/output/verify.ts'
import { images, library, material, tempDir, write, writeBlend } from '../project-builder.ts'

async function makePack(dir: string) {
  write(dir, 'show/tex/x.png', 'pixels')
  write(dir, 'far/lib/tex/y.png', 'other pixels')
  const lib = writeBlend(dir, 'far/lib/lib.blend', material('L', '//tex/y.png'))
  const blend = writeBlend(dir, 'show/shots/a.blend', [
    ...images({ x: '//../tex/x.png', gone: '//gone.png' }),
    ...library(lib, ['MAL']),
  ])
  const trace = await tracePack({ blend, project: join(dir, 'show') })
  const plan = await planPack(trace, { rewriteDir: join(dir, 'rewritten') })
  return { plan, info: describePack(plan, trace) }
}

test('a folder holds the project, and what lay outside beside it', async (t) => {
  const dir = tempDir(t)
  const { plan, info } = await makePack(dir)
  const out = join(dir, 'out')
  await packToFolder(plan, info, out)
  for (const gone of ['show', 'far']) rmSync(join(dir, gone), { recursive: true })
  const check = await verifyPack(out)
  assert.deepEqual(check.defects, [])
  assert.equal(check.files, 4)
  assert.deepEqual(check.info.missing, ['//gone.png'])
  assert.equal(readFileSync(join(out, 'tex/x.png'), 'utf8'), 'pixels')
})

test('packing again into the same folder replaces read-only copies', async (t) => {
  const dir = tempDir(t)
  const { plan, info } = await makePack(dir)
  chmodSync(join(dir, 'show/tex/x.png'), 0o444)
  await packToFolder(plan, info, join(dir, 'out'))
  await packToFolder(plan, info, join(dir, 'out'))
  assert.deepEqual((await verifyPack(join(dir, 'out'))).defects, [])
})

test('a folder with other things in it is left alone', async (t) => {
  const dir = tempDir(t)
  const { plan, info } = await makePack(dir)
  write(dir, 'out/precious.txt')
  await assert.rejects(packToFolder(plan, info, join(dir, 'out')), { code: 'FOLDER_NOT_EMPTY' })
  assert.deepEqual(readdirSync(join(dir, 'out')), ['precious.txt'])
})

test('a pack is not packed into itself', async (t) => {
  const dir = tempDir(t)
  const { plan, info } = await makePack(dir)
  const out = join(dir, 'out')
  await packToFolder(plan, info, out)
  const trace = await tracePack({ blend: join(out, plan.blendPath), project: out })
  const again = await planPack(trace, { rewriteDir: join(dir, 'rewritten') })
  symlinkSync(out, join(dir, 'same'))
  for (const folder of [out, join(dir, 'same')]) {
    await assert.rejects(packToFolder(again, info, folder), { code: 'FOLDER_NOT_EMPTY' })
  }
  assert.deepEqual((await verifyPack(out)).defects, [])
})

test('a pack that was interrupted lacks files, and can be made again in its folder', async (t) => {
  const dir = tempDir(t)
  const { plan, info } = await makePack(dir)
  const out = join(dir, 'out')
  rmSync(join(dir, 'show/tex/x.png'))
  await assert.rejects(packToFolder(plan, info, out), { code: 'ENOENT' })
  assert.equal((await verifyPack(out)).defects.length, 1)
  write(dir, 'show/tex/x.png', 'pixels')
  await packToFolder(plan, info, out)
  assert.deepEqual((await verifyPack(out)).defects, [])
})

test('verify names a file that was lost from a pack', async (t) => {
  const dir = tempDir(t)
  const { plan, info } = await makePack(dir)
  const out = join(dir, 'out')
  await packToFolder(plan, info, out)
  rmSync(join(out, 'tex/x.png'))
  const { defects } = await verifyPack(out)
  assert.deepEqual(
    defects.map((d) => [d.kind, d.stored, d.users]),
    [['missing', '//../tex/x.png', ['IMx.filepath']]],
  )
  await assert.rejects(verifyPack(dir), { code: 'NOT_A_PACK' })
  write(out, 'pack-info.json', '{"v":1}')
  await assert.rejects(verifyPack(out), { code: 'NOT_A_PACK' })
})

test('archives of the same files are the same bytes, and hold them all', async (t) => {
  const dir = tempDir(t)
  const { plan, info } = await makePack(dir)
  const [one, two, packed] = ['1.tar', '2.tar', '3.tar.zst'].map((n) => join(dir, n)) as [
    string,
    string,
    string,
  ]
  for (const file of [one, two, packed]) await packToTar(plan, info, file)
  assert.deepEqual(readFileSync(one), readFileSync(two))
  assert.deepEqual(zstdDecompressSync(readFileSync(packed)), readFileSync(one))
  const entries = await entriesOf(readFileSync(one))
  assert.deepEqual(
    [...entries.keys()].sort(),
    [...plan.files.map((file) => file.packPath), 'pack-info.json'].sort(),
  )
  assert.equal(entries.get('tex/x.png'), 'pixels')
})

test('an archive appears only when it is complete', async (t) => {
  const dir = tempDir(t)
  const { plan, info } = await makePack(dir)
  rmSync(join(dir, 'show/tex/x.png'))
  await assert.rejects(packToTar(plan, info, join(dir, 'x.tar')), { code: 'ENOENT' })
  assert.ok(!existsSync(join(dir, 'x.tar')))
  assert.deepEqual(
    readdirSync(dir).filter((name) => name.endsWith('.part')),
    [],
  )
})

test('a file that changes while it is packed is an error, not a broken archive', async (t) => {
  const dir = tempDir(t)
  const { plan, info } = await makePack(dir)
  write(dir, 'show/tex/x.png', 'many more pixels than before')
  await assert.rejects(packToTar(plan, info, join(dir, 'x.tar')), { code: 'FILE_CHANGED' })
  assert.ok(!existsSync(join(dir, 'x.tar')))
})

async function entriesOf(bytes: Buffer): Promise<Map<string, string>> {
  const entries = new Map<string, string>()
  const reader = extract()
  reader.end(bytes)
  for await (const entry of reader) {
    const parts: Buffer[] = []
    for await (const part of entry) parts.push(part as Buffer)
    entries.set(entry.header.name, Buffer.concat(parts).toString())
  }
  return entries
}
