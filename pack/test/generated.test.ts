import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, normalize } from 'node:path'
import { after, test } from 'node:test'
import { planPack, type Trace, type TracedFile, tracePack } from '../src/main.ts'
import { packToFolder } from '../src/output/folder.ts'
import { describePack } from '../src/output/pack-info.ts'
import { verifyPack } from '../src/output/verify.ts'
import { tempDir, write } from './project-builder.ts'
import { expectedFiles, missedByOthers, notTaken, onlyWithAll } from './projects/expected.ts'
import {
  generate,
  keepRigidBodiesOnDisk,
  relabel,
  render,
  shotIn,
  cannotGenerate as skip,
} from './projects/generate.ts'

const root = mkdtempSync(join(tmpdir(), 'farm-generated-'))
const away = `${root}-away`
after(() => {
  for (const dir of [root, away]) rmSync(dir, { recursive: true, force: true })
})

const shot = shotIn(root)
const shotDir = dirname(shot)

/** One project for all tests, made by Blender itself; it takes seconds. */
const oracle = skip ? {} : await generate(root)

test('everything that Blender lists in a file is traced in it', { skip }, async () => {
  for (const [blend, paths] of Object.entries(oracle)) {
    // Blender also lists the icons of brushes, which no render looks at.
    const trace = await tracePack({ blend, all: true })
    const found = new Set(trace.blends.flatMap((b) => b.references.map((r) => r.target ?? '')))
    for (const file of trace.files) found.add(file.path)
    const lost = paths.map(normalize).filter((path) => !found.has(path) && !isForeign(path))
    assert.deepEqual(lost, [], blend)
    assert.ok(paths.length > 0)
  }
})

test('a library names only what is reached in it', { skip }, async () => {
  const names = namesIn(await traced())
  assert.ok(names.has('mat.png'))
  assert.ok(!names.has('unused.png'))
})

test('of an image sequence the frames that a node shows are taken', { skip }, async () => {
  const { files } = await traced()
  const frames = files.filter((f) => f.path.includes('/seq/')).map((f) => f.path.slice(-8, -4))
  assert.deepEqual(frames, ['0001', '0002', '0003', '0004'])
})

test('of a sequence whose frames are animated or chosen by geometry nodes all are taken', {
  skip,
}, async () => {
  const { files } = await traced()
  for (const name of ['mouth', 'eye', 'given', 'fed']) {
    const taken = files.filter((file) => file.path.includes(`/${name}/`)).length
    assert.equal(taken, 4, name)
  }
})

test('a frame missing in a sequence is reported as a gap', { skip }, async () => {
  const { files } = await traced()
  const gaps = files.filter((file) => file.status === 'gap')
  assert.deepEqual(
    gaps.map((file) => [file.path.split('/').at(-1), file.frames]),
    [['gap_0003.png', '3']],
  )
})

test('only what is missing is reported as missing', { skip }, async () => {
  const { files } = await traced()
  const missing = files.filter((file) => file.status === 'missing').map((file) => file.stored)
  assert.deepEqual(missing.sort(), ['./layers/gone.usda', '//tex/gone.png', 'Z:\\proj\\gone.png'])
})

test('every kind of dependency is found with its user', { skip }, async () => {
  const { files } = await traced()
  assertUsed(files, expectedFiles)
})

for (const [what, wanted] of Object.entries(missedByOthers)) {
  test(`found where others miss it: ${what}`, { skip }, async () => {
    assertUsed((await traced()).files, wanted)
  })
}

test('found where others miss it: the disk cache of rigid bodies', { skip }, async (t) => {
  const blend = join(shotDir, 'rigid.blend')
  const cache = write(shotDir, 'blendcache_rigid/5363656E65_000001_00.bphys')
  t.after(() => [blend, dirname(cache)].map((path) => rmSync(path, { recursive: true })))
  copyFileSync(shot, blend)
  await keepRigidBodiesOnDisk(blend)
  const { files } = await tracePack({ blend })
  assert.equal(files.find((file) => file.path === cache)?.users[0]?.block, 'SCScene')
})

test('files that only look like a tile, and proxies and icons, stay at home', {
  skip,
}, async () => {
  const paths = new Set((await traced()).files.map((file) => file.path))
  for (const path of notTaken) {
    assert.ok(existsSync(join(shotDir, path)), path)
    assert.ok(!paths.has(join(shotDir, path)), path)
  }
})

test('with --all proxies and icons come along', { skip }, async () => {
  assertUsed((await tracePack({ blend: shot, all: true })).files, onlyWithAll)
})

test('an image without a path names nothing', { skip }, async () => {
  const { blends } = await traced()
  assert.deepEqual(
    blends[0]?.references.filter((reference) => /no path/.test(reference.block)),
    [],
  )
})

test('files that say they are of Blender 5.0 need the same, linked node trees included', {
  skip,
}, async (t) => {
  const copy = join(tempDir(t), 'copy')
  cpSync(root, copy, { recursive: true, verbatimSymlinks: true })
  for (const blend of globSync('**/*.blend', { cwd: copy })) {
    await relabel(join(copy, blend), join(copy, blend), '500.87')
  }
  const { files, blends } = await tracePack({ blend: shotIn(copy) })
  const copies = blends.filter((blend) => blend.path.startsWith(copy))
  assert.ok(copies.length > 5 && copies.every((blend) => blend.version === 500))
  assert.deepEqual(
    placesIn(files, join(copy, 'project')),
    placesIn((await traced()).files, join(root, 'project')),
  )
})

test('packing twice gives the same bytes, and only paths that leave the project change', {
  skip,
}, async (t) => {
  const trace = await traced()
  const first = await planPack(trace, { rewriteDir: tempDir(t) })
  const second = await planPack(trace, { rewriteDir: tempDir(t) })
  const rewritten = first.files.filter((file) => 'rewritten' in file.source)
  assert.deepEqual(rewritten.map((file) => file.packPath.split('/').at(-1)).sort(), [
    'outlib.blend',
    'sh010.blend',
  ])
  assert.deepEqual(digests(first.files), digests(second.files))
})

test('a pack alone in an empty root resolves every path and renders the same pixels', {
  skip,
}, async (t) => {
  const trace = await traced()
  const plan = await planPack(trace, { rewriteDir: tempDir(t) })
  const dir = join(tempDir(t), 'pack')
  await packToFolder(plan, describePack(plan, trace), dir)
  const original = render(shot, t)
  renameSync(root, away)
  try {
    const check = await verifyPack(dir)
    assert.deepEqual(check.defects, [])
    const packed = render(join(dir, plan.blendPath), t)
    assert.ok(original.shades > 8, 'the picture shows something')
    assert.equal(packed.pixels, original.pixels)
    assert.deepEqual(
      Object.values(packed.inputs).filter((path) => !isThere(path)),
      [],
    )
    assert.equal(Object.keys(packed.inputs).length, 2)
    const broken = packed.paths.filter(
      (path) => !isThere(path) && !/gone\.png|icon\.png|kept inside|<UDIM>|<UVTILE>/.test(path),
    )
    assert.deepEqual(broken, [])
    assert.deepEqual(
      packed.paths.filter((p) => !p.startsWith(dir) && !isForeign(p) && !/kept inside/.test(p)),
      [],
    )
  } finally {
    renameSync(away, root)
  }
})

let shotTrace: Promise<Trace> | undefined

/** The trace of the scene, made once. */
function traced(): Promise<Trace> {
  shotTrace ??= tracePack({ blend: shot })
  return shotTrace
}

function assertUsed(files: readonly TracedFile[], wanted: Record<string, string>): void {
  for (const [path, want] of Object.entries(wanted)) {
    const file = files.find((f) => f.path === join(shotDir, path))
    const users = file?.users.map((u) => `${file.kind} ${u.block} ${u.property}`) ?? []
    assert.ok(users.includes(want), `${path}: ${users.join('; ') || 'not found'}`)
  }
}

/** Status and place of each file in the project; absolute paths still lead to where the project came from. */
function placesIn(files: readonly TracedFile[], base: string): string[] {
  return files
    .filter((file) => file.path.startsWith(base) && !/^\/[^/]/.test(file.stored))
    .map((file) => `${file.status} ${file.path.slice(base.length)}`)
    .sort()
}

function digests(files: Awaited<ReturnType<typeof planPack>>['files']): string[] {
  return files
    .filter((file) => 'rewritten' in file.source)
    .map((file) => ('rewritten' in file.source ? file.source.rewritten : ''))
    .map((path) => createHash('sha256').update(readFileSync(path)).digest('hex'))
}

function namesIn(trace: Trace): Set<string> {
  return new Set(trace.files.map((file: TracedFile) => file.path.split('/').at(-1) ?? ''))
}

/** Blender makes `/z/...` of a drive. */
function isForeign(path: string): boolean {
  return path.startsWith('/z/')
}

function isThere(path: string): boolean {
  return existsSync(path)
}
