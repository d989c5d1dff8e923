import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type BlendError, openBlend } from '../../src/blend/main.ts'
import { asGzip, asZstd, type BuiltBlock, buildBlend, layouts } from '../blend-builder.ts'

const dir = mkdtempSync(join(tmpdir(), 'farm-reader-'))
after(() => rmSync(dir, { recursive: true, force: true }))

let count = 0
function save(bytes: Buffer): string {
  count += 1
  const path = join(dir, `${count}.blend`)
  writeFileSync(path, bytes)
  return path
}

async function codeOf(bytes: Buffer): Promise<string> {
  const path = save(bytes)
  try {
    ;(await openBlend(path)).close()
    return 'opened'
  } catch (error) {
    const { code, message, hint } = error as BlendError
    assert.ok(message.includes(path), `${message} names the file`)
    assert.ok(hint, 'says what to do')
    return code
  }
}

const scene: BuiltBlock[] = [
  { code: 'GLOB', address: 0x10, struct: 'FileGlobal', values: { subversion: 7, curscene: 0x100 } },
  {
    code: 'SC',
    address: 0x100,
    struct: 'Scene',
    values: { 'id.name': 'SCShot', 'r.sfra': 5, 'r.efra': -3, mat: 0x200 },
  },
  { code: 'MA', address: 0x200, struct: 'Material', values: { 'id.name': 'MAred', others: 0x300 } },
  { code: 'DATA', address: 0x300, pointers: [0x200, 0x100] },
]

for (const [name, layout] of Object.entries(layouts)) {
  const plain = buildBlend(layout, scene)
  const encodings = {
    plain,
    gzip: asGzip(plain),
    'zstd with a seek table': asZstd(plain, { frameBytes: 333 }),
    'zstd without a seek table': asZstd(plain, { frameBytes: 333, seekTable: false }),
    'zstd in one frame': asZstd(plain, { frameBytes: 1e6, seekTable: false }),
  }
  for (const [encoding, bytes] of Object.entries(encodings)) {
    test(`numbers, names and pointers are read from a ${name} file, ${encoding}`, async () => {
      const file = await openBlend(save(bytes))
      try {
        const global = file.structAt(file.withCode('GLOB')[0] ?? -1)
        assert.equal(file.header.version, layout.version)
        assert.equal(global?.number('subversion'), 7)
        const found = global?.follow('curscene')
        assert.equal(found?.text('id.name')?.toString(), 'SCShot')
        assert.equal(found?.number('r.sfra'), 5)
        assert.equal(found?.number('r.efra'), -3)
        assert.equal(found?.follow('mat')?.text('id.name')?.toString(), 'MAred')
        assert.equal(found?.number('r.nonsense'), undefined)
      } finally {
        file.close()
      }
    })
  }
}

test('a pointer means a block of its own data-block before one of the same address elsewhere', async () => {
  const blocks = ['first', 'second'].flatMap((name, i): BuiltBlock[] => [
    {
      code: 'MA',
      address: 0x100 + i,
      struct: 'Material',
      values: { 'id.name': `MA${name}`, nodetree: 0x900 },
    },
    { code: 'DATA', address: 0x900, struct: 'bNodeTree', values: { 'id.name': `NT${name}` } },
  ])
  const file = await openBlend(save(buildBlend(layouts.le64!, blocks)))
  const names = file
    .withCode('MA')
    .map((m) => file.structAt(m)?.follow('nodetree')?.text('id.name'))
  assert.deepEqual(names.map(String), ['NTfirst', 'NTsecond'])
  file.close()
})

test('an end marker with a shortened header is enough', async () => {
  const bytes = buildBlend(layouts.le32!, scene)
  assert.equal(await codeOf(bytes.subarray(0, bytes.length - 12)), 'opened')
})

test('every way of being no .blend has its own code', async () => {
  const good = buildBlend(layouts.le64!, scene)
  const withoutDna = Buffer.concat([Buffer.from('BLENDER-v403'), good.subarray(-24)])
  assert.equal(await codeOf(Buffer.alloc(0)), 'BLEND_NOT_A_BLEND')
  assert.equal(await codeOf(Buffer.from('#!/usr/bin/env python\nprint(1)\n')), 'BLEND_NOT_A_BLEND')
  assert.equal(await codeOf(asGzip(Buffer.from('hello'))), 'BLEND_NOT_A_BLEND')
  assert.equal(await codeOf(Buffer.from('BLENDER-x403')), 'BLEND_CORRUPT')
  assert.equal(await codeOf(Buffer.from('BLENDER18-01v0600')), 'BLEND_TOO_NEW')
  assert.equal(await codeOf(Buffer.from('BLENDER17-02v0600')), 'BLEND_TOO_NEW')
  assert.equal(await codeOf(withoutDna), 'BLEND_CORRUPT')
  assert.equal(await codeOf(good), 'opened')
})

test('a file cut off anywhere is refused, whatever its compression', async () => {
  const good = buildBlend(layouts.le64!, scene)
  for (const bytes of [good, asGzip(good), asZstd(good), asZstd(good, { seekTable: false })]) {
    for (const part of [0.2, 0.5, 0.9]) {
      const code = await codeOf(bytes.subarray(0, Math.floor(bytes.length * part)))
      assert.match(code, /^BLEND_(TRUNCATED|CORRUPT)$/)
    }
  }
})

test('a directory and a file that is not there are told apart from a damaged one', async () => {
  await assert.rejects(openBlend(dir), { code: 'BLEND_NOT_A_BLEND' })
  await assert.rejects(openBlend(join(dir, 'none')), { code: 'BLEND_UNREADABLE' })
})
