import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openBlend } from '../../src/blend/main.ts'
import { type PackPlan, planPack, tracePack } from '../../src/main.ts'
import { asGzip, asZstd, type BuiltBlock, buildBlend, layouts } from '../blend-builder.ts'
import { bakes, images, library, material, tempDir, write, writeBlend } from '../project-builder.ts'

/** What each .blend of a pack stores, rewritten or not. */
async function storedIn(plan: PackPlan, packPath: string): Promise<string[]> {
  const file = plan.files.find((f) => f.packPath === packPath)
  assert.ok(file, packPath)
  const path = 'file' in file.source ? file.source.file : file.source.rewritten
  const { blends } = await tracePack({ blend: path })
  return (blends[0]?.references ?? []).map((r) => r.stored).sort()
}

function rewrittenIn(plan: PackPlan): string[] {
  return plan.files
    .filter((file) => 'rewritten' in file.source)
    .map((file) => file.packPath)
    .sort()
}

const encodings = {
  plain: (bytes: Buffer) => bytes,
  gzip: asGzip,
  'zstd in small frames': (bytes: Buffer) => asZstd(bytes, { frameBytes: 300 }),
  'zstd without a table': (bytes: Buffer) => asZstd(bytes, { frameBytes: 5000, seekTable: false }),
}

for (const [layoutName, layout] of Object.entries(layouts)) {
  for (const [encoding, encode] of Object.entries(encodings)) {
    test(`absolute paths become relative in a ${layoutName} file, ${encoding}`, async (t) => {
      const dir = tempDir(t)
      const [inside, outside] = [write(dir, 'show/tex/in.png'), write(dir, 'far/out.png')]
      write(dir, 'show/tex/rel.png')
      const paths = { inside, outside, relative: '//../tex/rel.png' }
      const blend = write(dir, 'show/shots/a.blend', encode(buildBlend(layout, images(paths))))
      const project = join(dir, 'show')
      const plan = await planPack(await tracePack({ blend, project }), { rewriteDir: tempDir(t) })
      const out = plan.files.find((f) => f.packPath.endsWith('out.png'))?.packPath ?? ''
      assert.match(out, /^_outside\/far-[0-9a-f]{8}\/out\.png$/)
      const want = [`//../${out}`, '//../tex/in.png', '//../tex/rel.png'].sort()
      assert.deepEqual(await storedIn(plan, 'shots/a.blend'), want)
    })

    test(`a string that grows moves what follows in a ${layoutName} file, ${encoding}`, async (t) => {
      const dir = tempDir(t)
      write(dir, 'b/bake/1/meta/0.json')
      write(dir, 'show/deeply/nested/x.png')
      const bytes = buildBlend(layout, [
        ...bakes(join(dir, 'b/bake')),
        ...images({ after: '//x.png' }),
      ])
      const blend = write(dir, 'show/deeply/nested/a.blend', encode(bytes))
      const project = join(dir, 'show')
      const plan = await planPack(await tracePack({ blend, project }), { rewriteDir: tempDir(t) })
      const stored = await storedIn(plan, 'deeply/nested/a.blend')
      assert.match(stored[0] ?? '', /^\/\/\.\.\/\.\.\/_outside\/bake-[0-9a-f]{8}$/)
      assert.equal(stored[1], '//x.png')
    })
  }
}

test('a .blend whose paths all fit goes byte by byte', async (t) => {
  const dir = tempDir(t)
  write(dir, 'tex/x.png')
  const blend = writeBlend(
    dir,
    'a.blend',
    images({ x: '//tex/x.png', w: '//tex\\x.png', gone: '/gone.png' }),
  )
  const plan = await planPack(await tracePack({ blend }), { rewriteDir: tempDir(t) })
  assert.deepEqual(rewrittenIn(plan), [])
})

test('a library in the project that is named by an absolute path stays where its own paths hold', async (t) => {
  const dir = tempDir(t)
  write(dir, 'assets/tex/x.png')
  const lib = writeBlend(dir, 'assets/lib.blend', material('M', '//tex/x.png'))
  const blend = writeBlend(dir, 'shots/a.blend', library(lib, ['MAM']))
  const trace = await tracePack({ blend, project: dir })
  const plan = await planPack(trace, { rewriteDir: tempDir(t) })
  assert.deepEqual(plan.files.map((file) => file.packPath).sort(), [
    'assets/lib.blend',
    'assets/tex/x.png',
    'shots/a.blend',
  ])
  assert.deepEqual(rewrittenIn(plan), ['shots/a.blend'])
  assert.deepEqual(await storedIn(plan, 'shots/a.blend'), ['//../assets/lib.blend'])
})

test('a path through a directory that the pack lacks is straightened', async (t) => {
  const dir = tempDir(t)
  write(dir, 'tex/x.png')
  write(dir, 'old/notes.txt')
  const blend = writeBlend(dir, 'a.blend', images({ x: '//old/../tex/x.png' }))
  const plan = await planPack(await tracePack({ blend }), { rewriteDir: tempDir(t) })
  assert.deepEqual(await storedIn(plan, 'a.blend'), ['//tex/x.png'])
})

test('two shots that need different parts of a library rewrite it to the same bytes', async (t) => {
  const dir = tempDir(t)
  const [a, b] = [write(dir, 'show/a.png'), write(dir, 'show/b.png')]
  writeBlend(dir, 'show/lib.blend', [...material('A', a), ...material('B', b, 0x21000)])
  const [one, two] = ['A', 'B'].map((name) =>
    writeBlend(dir, `show/${name}.blend`, library('//lib.blend', [`MA${name}`])),
  ) as [string, string]
  const copies = []
  for (const blend of [one, two]) {
    const plan = await planPack(await tracePack({ blend }), { rewriteDir: tempDir(t) })
    assert.deepEqual(rewrittenIn(plan), ['lib.blend'])
    const source = plan.files.find((file) => file.packPath === 'lib.blend')?.source ?? { file: '' }
    copies.push(readFileSync('rewritten' in source ? source.rewritten : source.file))
  }
  assert.deepEqual(copies[0], copies[1])
})

test('a rewritten copy is used again until its source changes', async (t) => {
  const [dir, rewriteDir] = [tempDir(t), tempDir(t)]
  const blend = writeBlend(dir, 'a.blend', images({ x: write(dir, 'x.png') }))
  const copyOf = async (): Promise<string> => {
    const plan = await planPack(await tracePack({ blend }), { rewriteDir })
    const source = plan.files[0]?.source ?? { file: '' }
    return 'rewritten' in source ? source.rewritten : ''
  }
  const first = await copyOf()
  assert.equal(await copyOf(), first)
  writeFileSync(blend, buildBlend(layouts.le64!, images({ x: join(dir, 'x.png'), y: '//y.png' })))
  assert.notEqual(await copyOf(), first)
})

test('only the frames of a zstd file that hold a path are written anew', async (t) => {
  const dir = tempDir(t)
  const filler: BuiltBlock[] = Array.from({ length: 20 }, (_, i) => ({
    code: 'VF',
    address: 0x1000 + i,
    struct: 'VFont',
    values: { 'id.name': `VFf${i}`, name: '<builtin>' },
  }))
  const plain = buildBlend(layouts.le64!, [...filler, ...images({ x: write(dir, 'x.png') })])
  const bytes = asZstd(plain, { frameBytes: 4096 })
  const blend = write(dir, 'a.blend', bytes)
  const plan = await planPack(await tracePack({ blend }), { rewriteDir: tempDir(t) })
  const source = plan.files[0]?.source ?? { file: '' }
  const [before, after] = [
    await openBlend(blend),
    await openBlend('rewritten' in source ? source.rewritten : ''),
  ]
  t.after(() => [before.close(), after.close()])
  const contents = [before, after].map((file) =>
    (file.stored.zstd?.frames ?? []).map((f) => file.stored.zstd?.file.read(f.start, f.length)),
  ) as [Buffer[], Buffer[]]
  const changed = contents[0].filter((frame, i) => !frame.equals(contents[1][i] ?? Buffer.alloc(0)))
  assert.equal(contents[0].length, contents[1].length)
  assert.ok(
    changed.length >= 1 && changed.length <= 2,
    `${changed.length} of ${contents[0].length}`,
  )
})

test('a path that does not fit its field is refused with a code', async (t) => {
  const dir = tempDir(t)
  const deep = Array.from({ length: 12 }, () => 'd'.repeat(90)).join('/')
  const target = join(dir, 'far', 'x.png')
  write(dir, 'far/x.png')
  const blend = writeBlend(dir, `show/a.blend`, images({ x: target }))
  const trace = await tracePack({ blend, project: join(dir, 'show') })
  const longer = trace.blends.map((b) => ({
    ...b,
    packPath: `${deep}/a.blend`.replace(/d{90}/g, 'e'),
  }))
  const broken = {
    ...trace,
    blends: longer.map((b) => ({
      ...b,
      references: b.references.map((r) => ({ ...r, packTarget: `${deep}/x.png` })),
    })),
    layout: { ...trace.layout, packPath: () => `${deep}/x.png` },
  }
  await assert.rejects(planPack(broken, { rewriteDir: tempDir(t) }), { code: 'PATH_TOO_LONG' })
})

test('names that are no UTF-8 travel under names that are', async (t) => {
  const dir = tempDir(t)
  const name = Buffer.concat([Buffer.from(`${dir}/b`), Buffer.from([0xff]), Buffer.from('.png')])
  writeFileSync(name, 'x')
  const blocks = images({ x: '' })
  const stored = Buffer.concat([Buffer.from('//b'), Buffer.from([0xff]), Buffer.from('.png')])
  const blend = writeBlend(
    dir,
    'a.blend',
    blocks.map((b) => ({ ...b, values: { ...b.values, name: stored } })),
  )
  const trace = await tracePack({ blend })
  assert.deepEqual(
    trace.files.map((f) => [f.status, f.packPath]),
    [['ok', 'b%FF.png']],
  )
  const plan = await planPack(trace, { rewriteDir: tempDir(t) })
  assert.deepEqual(await storedIn(plan, 'a.blend'), ['//b%FF.png'])
})

test('excluded files stay at home, whether named by suffix or by directory', async (t) => {
  const dir = tempDir(t)
  for (const name of ['ref/a.png', 'tex/b.png', 'tex/c.mov']) write(dir, name)
  const paths = { a: '//ref/a.png', b: '//tex/b.png', c: '//tex/c.mov' }
  const trace = await tracePack({ blend: writeBlend(dir, 'a.blend', images(paths)) })
  const plan = await planPack(trace, { exclude: ['*.mov', 'ref/**'], rewriteDir: tempDir(t) })
  assert.deepEqual(
    plan.files.map((file) => file.packPath),
    ['a.blend', 'tex/b.png'],
  )
})
