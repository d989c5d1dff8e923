import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, renameSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Trace, tracePack } from '../../src/main.ts'
import { asGzip, asZstd, buildBlend, layouts } from '../blend-builder.ts'
import { bakes, images, library, material, tempDir, write, writeBlend } from '../project-builder.ts'

const farm = join(import.meta.dirname, '../../../bin/src/main.ts')

/** Status and path of each file, as seen from the project. */
function listed(trace: Trace, dir: string): string[] {
  return trace.files.map((f) => `${f.status} ${f.path.replace(`${dir}/`, '')}`).sort()
}

test('a library is entered only by what is linked from it, through any number of files', async (t) => {
  const dir = tempDir(t)
  for (const name of ['used', 'unused', 'deep']) write(dir, `tex/${name}.png`)
  writeBlend(dir, 'c.blend', material('Deep', '//tex/deep.png'))
  writeBlend(dir, 'b.blend', [
    { code: 'MA', address: 1, struct: 'Material', values: { 'id.name': 'MAB', others: 2 } },
    { code: 'DATA', address: 2, pointers: [0x30001, 0x20000] },
    ...material('Used', '//tex/used.png'),
    ...material('Unused', '//tex/unused.png', 0x21000),
    ...library('//c.blend', ['MADeep']),
  ])
  const blend = writeBlend(dir, 'a.blend', library('//b.blend', ['MAB']))
  assert.deepEqual(listed(await tracePack({ blend }), dir), [
    'ok b.blend',
    'ok c.blend',
    'ok tex/deep.png',
    'ok tex/used.png',
  ])
})

test('libraries that link each other are read to the end', async (t) => {
  const dir = tempDir(t)
  write(dir, 'x.png')
  const own = (name: string) => material(name, '//x.png')
  const linking = (name: string, blend: string, wanted: string) => [
    { code: 'MA', address: 1, struct: 'Material', values: { 'id.name': `MA${name}`, others: 2 } },
    { code: 'DATA', address: 2, pointers: [0x30001] },
    ...library(blend, [wanted]),
  ]
  writeBlend(dir, 'b.blend', [...linking('B1', '//a.blend', 'MAA2'), ...own('B2')])
  const blend = writeBlend(dir, 'a.blend', [...linking('A1', '//b.blend', 'MAB1'), ...own('A2')])
  assert.deepEqual(listed(await tracePack({ blend }), dir), [
    'ok a.blend',
    'ok b.blend',
    'ok x.png',
  ])
})

test('a damaged library is reported with the reason, and the rest is traced', async (t) => {
  const dir = tempDir(t)
  write(dir, 'lib.blend', 'BLENDER-v403 and then nothing that belongs there')
  write(dir, 'x.png')
  const blend = writeBlend(dir, 'a.blend', [
    ...library('//lib.blend', ['MAM']),
    ...images({ x: '//x.png' }),
  ])
  const trace = await tracePack({ blend })
  assert.deepEqual(listed(trace, dir), ['ok x.png', 'unreadable lib.blend'])
  assert.match(trace.files.find((f) => f.kind === 'library')?.hint ?? '', /lib\.blend: /)
})

test('an archive inside a file of Blender 5 is no dependency, and its paths start at its origin', async (t) => {
  const dir = tempDir(t)
  write(dir, 'assets/tex/x.png')
  const [archive, image] = [0x40000, 0x50000]
  const blend = writeBlend(dir, 'shots/a.blend', [
    {
      code: 'LI',
      address: archive,
      struct: 'Library',
      values: { 'id.name': 'LIassets', name: '//../assets/lib.blend', flag: 1 },
    },
    {
      code: 'IM',
      address: image,
      struct: 'Image',
      values: { 'id.name': 'IMx', 'id.lib': archive, name: '//tex/x.png', source: 1 },
    },
  ])
  assert.deepEqual(listed(await tracePack({ blend }), dir), ['ok assets/tex/x.png'])
})

test('a name that differs in case or Unicode form is found, and packed as the .blend spells it', async (t) => {
  const dir = tempDir(t)
  write(dir, 'Tex/Brick.PNG')
  write(dir, 'tex2/n\u0303.png')
  const paths = { a: '//tex/brick.png', b: '//tex2/\u00f1.png' }
  const { files } = await tracePack({ blend: writeBlend(dir, 'a.blend', images(paths)) })
  const facts = files.map((f) => [f.status, f.path.replace(`${dir}/`, ''), f.packPath]).sort()
  assert.deepEqual(facts, [
    ['case-mismatch', 'Tex/Brick.PNG', 'tex/brick.png'],
    ['case-mismatch', 'tex2/n\u0303.png', 'tex2/\u00f1.png'],
  ])
})

test('what many files belong to is found whole, however the disk spells it', async (t) => {
  const dir = tempDir(t)
  for (const frame of [1, 2, 10]) write(dir, `Plates/Frame_${frame}.PNG`)
  for (const tile of [1001, 1012]) write(dir, `n\u0303/T.${tile}.png`)
  write(dir, 'Bakes/7/meta/1.json')
  write(dir, 'Assets/Lib.blend', buildBlend(layouts.le64!, material('M', '//tex/x.png')))
  write(dir, 'Assets/TEX/x.png')
  const blend = writeBlend(dir, 'a.blend', [
    ...images({ plate: '//plates/frame_2.png' }, 2),
    ...images({ tiled: '//\u00f1/t.<UDIM>.png' }, 6).map((b) => ({ ...b, address: 0x50000 })),
    ...bakes('//bakes'),
    ...library('//assets/lib.blend', ['MAM']),
  ])
  const { files } = await tracePack({ blend })
  assert.deepEqual(files.map((f) => `${f.status} ${f.packPath}`).sort(), [
    'case-mismatch assets/lib.blend',
    'case-mismatch assets/tex/x.png',
    'case-mismatch bakes/7/meta/1.json',
    'case-mismatch plates/frame_1.png',
    'case-mismatch plates/frame_10.png',
    'case-mismatch plates/frame_2.png',
    'case-mismatch \u00f1/t.1001.png',
    'case-mismatch \u00f1/t.1012.png',
  ])
})

test('a file that may not be read is told apart from one that is not there', (t) => {
  const dir = tempDir(t)
  chmodSync(dir, 0o755)
  chmodSync(write(dir, 'x.png'), 0)
  const blend = writeBlend(dir, 'a.blend', images({ x: '//x.png' }))
  // The superuser may read everything, so it asks as somebody else.
  const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
  const env = { ...process.env, HOME: dir, XDG_CACHE_HOME: join(dir, 'cache') }
  const { error, stdout, stderr } = spawnSync(
    process.execPath,
    [farm, 'pack', 'list', '--json', blend],
    {
      ...nobody,
      env,
      encoding: 'utf8',
    },
  )
  if (error) return t.skip(`nobody else can start Node here: ${error.message}`)
  assert.equal(JSON.parse(stdout || '{}').status, 'unreadable', stderr)
})

test('a missing file comes with the place of one of its name', async (t) => {
  const dir = tempDir(t)
  write(dir, 'shots/moved.png')
  const blend = writeBlend(dir, 'shots/a.blend', images({ x: '//../old/moved.png' }))
  const { files } = await tracePack({ blend })
  assert.match(files[0]?.hint ?? '', /shots\/moved\.png$/)
})

test('of files with the name of a missing one, the one in directories called like its own is told', async (t) => {
  const dir = tempDir(t)
  mkdirSync(join(dir, '.git'))
  for (const place of ['a/metal', 'b/c/wood', 'd/stone']) write(dir, `${place}/Diffuse.PNG`)
  const stored = 'Z:\\old\\wood\\diffuse.png'
  const paths = { gone: '//../lost/wood/diffuse.png', drive: stored, never: '//never.png' }
  const { files } = await tracePack({ blend: writeBlend(dir, 'shots/a.blend', images(paths)) })
  const hintOf = (path: string): string => files.find((f) => f.stored === path)?.hint ?? ''
  const place = join(dir, 'b/c/wood/Diffuse.PNG')
  assert.equal(hintOf(paths.gone), `Found a file of that name at ${place}`)
  assert.match(hintOf(stored), /^The path belongs to another operating system\. Found .*wood/)
  assert.equal(hintOf(paths.never), '')
})

test('the project is the directory with a marker, else what relative paths span', async (t) => {
  const dir = tempDir(t)
  write(dir, 'show/tex/x.png')
  const blend = writeBlend(dir, 'show/shots/sh1/a.blend', images({ x: '//../../tex/x.png' }))
  assert.equal((await tracePack({ blend })).project, join(dir, 'show'))
  mkdirSync(join(dir, 'show/shots/.git'))
  const trace = await tracePack({ blend })
  assert.equal(trace.project, join(dir, 'show/shots'))
  assert.deepEqual(
    trace.files.map((f) => f.status),
    ['outside'],
  )
  await assert.rejects(tracePack({ blend, project: join(dir, 'show/tex') }), {
    code: 'BLEND_OUTSIDE_PROJECT',
  })
})

test('an absolute path into the project counts as inside, also past a symlink above it', async (t) => {
  const dir = tempDir(t)
  const real = write(dir, 'disk/show/x.png')
  symlinkSync(join(dir, 'disk'), join(dir, 'mounted'))
  writeBlend(dir, 'disk/show/a.blend', images({ x: real }))
  const blend = join(dir, 'mounted/show/a.blend')
  const { files, project } = await tracePack({ blend })
  assert.equal(project, join(dir, 'mounted/show'))
  assert.deepEqual(
    files.map((f) => [f.status, f.packPath]),
    [['ok', 'x.png']],
  )
})

test('a project may be named by another way than its .blend', async (t) => {
  const dir = tempDir(t)
  write(dir, 'disk/show/tex/x.png')
  const blend = writeBlend(dir, 'disk/show/shots/a.blend', images({ x: '//../tex/x.png' }))
  symlinkSync(join(dir, 'disk/show'), join(dir, 'link'))
  const ways = [
    [blend, join(dir, 'link')],
    [join(dir, 'link/shots/a.blend'), join(dir, 'disk/show')],
  ] as const
  for (const [blend, project] of ways) {
    const { files } = await tracePack({ blend, project })
    assert.deepEqual(
      files.map((f) => [f.status, f.packPath]),
      [['ok', 'tex/x.png']],
    )
  }
})

test('a copy saved elsewhere is traced as if it lay where it came from', async (t) => {
  const dir = tempDir(t)
  write(dir, 'show/tex/x.png')
  const as = writeBlend(dir, 'show/a.blend', [])
  const blend = writeBlend(dir, 'tmp/copy.blend', images({ x: '//tex/x.png' }))
  const trace = await tracePack({ blend, as })
  assert.deepEqual(listed(trace, dir), ['ok show/tex/x.png'])
  assert.deepEqual(
    trace.blends.map((b) => [b.path, b.file, b.packPath]),
    [[as, blend, 'a.blend']],
  )
})

test('a tiled image of old files, which names its first tile, brings all in its list', async (t) => {
  const dir = tempDir(t)
  for (const tile of [1001, 1002, 1003]) write(dir, `u.${tile}.png`)
  const blend = writeBlend(dir, 'a.blend', [
    {
      code: 'IM',
      address: 1,
      struct: 'Image',
      values: { 'id.name': 'IMu', name: '//u.1001.png', source: 6, 'tiles.first': 2 },
    },
    { code: 'DATA', address: 2, struct: 'ImageTile', values: { tile_number: 1001, next: 3 } },
    { code: 'DATA', address: 3, struct: 'ImageTile', values: { tile_number: 1002, prev: 2 } },
  ])
  assert.deepEqual(listed(await tracePack({ blend }), dir), ['ok u.1001.png', 'ok u.1002.png'])
})

test('packed files and images that Blender makes itself are no dependencies', async (t) => {
  const dir = tempDir(t)
  const packed = images({ p: '//p.png' }).map((b) => ({
    ...b,
    values: { ...b.values, packedfile: 9 },
  }))
  const generated = images({ g: '//g.png' }, 4).map((b) => ({ ...b, address: 7 }))
  const blend = writeBlend(dir, 'a.blend', [
    ...packed,
    ...generated,
    { code: 'VF', address: 8, struct: 'VFont', values: { 'id.name': 'VFb', name: '<builtin>' } },
    { code: 'DATA', address: 9, struct: 'PackedFile', values: { size: 1 } },
  ])
  assert.deepEqual((await tracePack({ blend })).files, [])
})

test('lists that run in a circle and pointers that lead nowhere end', async (t) => {
  const dir = tempDir(t)
  const blend = writeBlend(dir, 'a.blend', [
    {
      code: 'IM',
      address: 1,
      struct: 'Image',
      values: {
        'id.name': 'IMx',
        name: '//x.png',
        source: 1,
        'views.first': 2,
        'tiles.first': 0x666,
      },
    },
    { code: 'DATA', address: 2, struct: 'ImageView', values: { next: 3, filepath: '//l.png' } },
    { code: 'DATA', address: 3, struct: 'ImageView', values: { next: 2, filepath: '//r.png' } },
  ])
  assert.deepEqual(listed(await tracePack({ blend }), dir), [
    'missing l.png',
    'missing r.png',
    'missing x.png',
  ])
})

test('a trace can be stopped between files', async (t) => {
  const dir = tempDir(t)
  writeBlend(dir, 'b.blend', material('M', '//x.png'))
  const blend = writeBlend(dir, 'a.blend', library('//b.blend', ['MAM']))
  const stop = new AbortController()
  const trace = tracePack({ blend, signal: stop.signal, onProgress: () => stop.abort() })
  await assert.rejects(trace, { name: 'AbortError' })
})

test('a moved project gives the same pack paths', async (t) => {
  const dir = tempDir(t)
  write(dir, 'one/tex/x.png')
  writeBlend(dir, 'one/a.blend', images({ x: '//tex/x.png' }))
  const before = await tracePack({ blend: join(dir, 'one/a.blend') })
  renameSync(join(dir, 'one'), join(dir, 'two'))
  const after = await tracePack({ blend: join(dir, 'two/a.blend') })
  assert.deepEqual(
    before.files.map((f) => f.packPath),
    after.files.map((f) => f.packPath),
  )
})

test('what only Blender lists is added, and told', async (t) => {
  const dir = tempDir(t)
  const [known, extra] = [write(dir, 'known.png'), write(dir, 'extra.osl')]
  const blend = writeBlend(dir, 'a.blend', images({ known: '//known.png', u: '//u.<UDIM>.png' }))
  const gone = join(dir, 'gone.png')
  const tokens = join(dir, 'u.<UDIM>.png')
  const trace = await tracePack({ blend, listed: [`${dir}/x/../known.png`, extra, gone, tokens] })
  assert.equal(trace.crossCheck?.listed, 4)
  assert.deepEqual(trace.crossCheck.onlyBlender, [extra, gone])
  assert.deepEqual(
    trace.files.filter((file) => file.status === 'ok').map((file) => file.path),
    [known, extra],
  )
})

test('of a bake directory that is a whole disk only bakes are looked for', async (t) => {
  const dir = tempDir(t)
  const blend = writeBlend(dir, 'a.blend', bakes('/'))
  assert.deepEqual((await tracePack({ blend })).files, [])
})

test('a library packed into a file is read there, and not looked for on disk', async (t) => {
  const dir = tempDir(t)
  write(dir, 'assets/x.png')
  const inner = buildBlend(layouts.le64!, [
    ...material('In', '//x.png'),
    ...material('Unused', '//unused.png', 0x21000),
  ])
  for (const bytes of [inner, asZstd(inner), asGzip(inner)]) {
    const blend = writeBlend(dir, 'shots/a.blend', [
      ...library('//../assets/lib.blend', [], { packedfile: 0x60000 }),
      { code: 'DATA', address: 0x60000, struct: 'PackedFile', values: { size: 1, data: 0x60010 } },
      { code: 'DATA', address: 0x60010, bytes },
      { code: 'ID', address: 0x30001, struct: 'ID', values: { name: 'MAIn', lib: 0x30000 } },
    ])
    assert.deepEqual(listed(await tracePack({ blend }), dir), ['ok assets/x.png'])
  }
})
