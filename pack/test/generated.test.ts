import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, normalize } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { planPack, type Trace, type TracedFile, tracePack } from '../src/main.ts'
import { packToFolder } from '../src/output/folder.ts'
import { describePack } from '../src/output/pack-info.ts'
import { verifyPack } from '../src/output/verify.ts'

const scripts = join(dirname(fileURLToPath(import.meta.url)), 'projects')
const absent = ['blender', 'ffmpeg'].filter((name) => spawnSync(name, ['-version']).error)
const skip = absent.length > 0 ? `needs ${absent.join(' and ')}` : false
if (skip && process.env.CI === 'true') throw new Error(skip)

const root = mkdtempSync(join(tmpdir(), 'farm-generated-'))
const away = `${root}-away`
after(() => {
  for (const dir of [root, away]) rmSync(dir, { recursive: true, force: true })
})

const project = join(root, 'project')
const shotDir = join(project, 'shots', 'sh010')
const shot = join(shotDir, 'sh010.blend')

/** One project for all tests, made by Blender itself; it takes seconds. */
const oracle = skip ? {} : generate()

test('everything that Blender lists in a file is traced in it', { skip }, async () => {
  for (const [blend, paths] of Object.entries(oracle)) {
    const trace = await tracePack({ blend })
    const found = new Set(trace.blends.flatMap((b) => b.references.map((r) => r.target ?? '')))
    for (const file of trace.files) found.add(file.path)
    const lost = paths.map(normalize).filter((path) => !found.has(path) && !isForeign(path))
    assert.deepEqual(lost, [], blend)
    assert.ok(paths.length > 0)
  }
})

test('a library names only what is reached in it', { skip }, async () => {
  const names = namesIn(await tracePack({ blend: shot }))
  assert.ok(names.has('mat.png'))
  assert.ok(!names.has('unused.png'))
})

test('of an image sequence the frames that a node shows are taken', { skip }, async () => {
  const { files } = await tracePack({ blend: shot })
  const frames = files.filter((f) => f.path.includes('/seq/')).map((f) => f.path.slice(-8, -4))
  assert.deepEqual(frames, ['0001', '0002', '0003', '0004'])
})

test('a frame missing in a sequence is reported as a gap', { skip }, async () => {
  const { files } = await tracePack({ blend: shot })
  const gaps = files.filter((file) => file.status === 'gap')
  assert.deepEqual(
    gaps.map((file) => [file.path.split('/').at(-1), file.frames]),
    [['gap_0003.png', '3']],
  )
})

test('only what is missing is reported as missing', { skip }, async () => {
  const { files } = await tracePack({ blend: shot })
  const missing = files.filter((file) => file.status === 'missing').map((file) => file.stored)
  assert.deepEqual(missing.sort(), ['//tex/gone.png', 'Z:\\proj\\gone.png'])
})

test('every kind of dependency is found with its user', { skip }, async () => {
  const { files } = await tracePack({ blend: shot })
  const expected: Record<string, string> = {
    'tex/rel.png': 'image IMrel filepath',
    'tex/udim.1002.png': 'tile IMudim filepath',
    'tex/uv_u2_v1.png': 'tile IMuvtile filepath',
    'tex/stereo_R.png': 'image IMstereo views["right"].filepath',
    'tex/link.png': 'image IMsymlink filepath',
    'tex/bg.png': 'image IMbg filepath',
    'tex/grade.png': 'image IMgrade filepath',
    'tex/world.png': 'image IMworld filepath',
    'tex/displace.png': 'image IMdisplace filepath',
    'nodes/lamp.ies': 'light-profile LALamp nodes["IES Texture"].filepath',
    'nodes/shade.osl': 'shader MAOsl nodes["Script"].filepath',
    'audio/speak.wav': 'sound SOspeak.wav filepath',
    'plate/plate.003.png': 'sequence MCplate.001.png filepath',
    'movie/clip.avi': 'movie MCclip.avi filepath',
    'vdb/one.vdb': 'volume VOOne filepath',
    'vdb/fog_0003.vdb': 'volume VOMany filepath',
    'scripts/ext.py': 'text TXext.py filepath',
    'cache/anim.mdd': 'cache OBanim.mdd modifiers["Cache"].filepath',
    'cache/points.pc2': 'cache OBpoints.pc2 modifiers["Cache"].filepath',
    'cache/single.abc': 'cache CFsingle.abc filepath',
    'cache/layer.abc': 'cache CFsingle.abc layers[].filepath',
    'cache/run_0002.abc': 'cache CFrun_0001.abc filepath',
    'cache/stage.usda': 'cache CFstage.usda filepath',
    'ocean/disp_0001.exr': 'cache OBOcean modifiers["Ocean"].filepath',
    'fluid/data/fluid_data_0001.vdb': 'cache OBFluid modifiers[].domain_settings.cache_directory',
    'particles/fx_000001_00.bphys': 'cache OBEmitter point_cache.filepath',
    'blendcache_sh010/466C6167_000001_00.bphys': 'cache OBFlag point_cache',
    'bakes/123/meta/00001_000.json': 'cache OBBaked modifiers["GN"].bake_directory',
    'edit/other name.png': 'image SCScene sequence_editor.strips["Images"].elements[].filename',
    'edit/st_R.png': 'image SCScene sequence_editor.strips["Stereo"].elements[].filename',
    'edit/inner.png': 'image SCScene sequence_editor.strips["Inner"].elements[].filename',
    'edit/cut.avi': 'movie SCScene sequence_editor.strips["Movie"].filepath',
  }
  for (const [path, want] of Object.entries(expected)) {
    const file = files.find((f) => f.path === join(shotDir, path))
    const users = file?.users.map((u) => `${file.kind} ${u.block} ${u.property}`) ?? []
    assert.ok(users.includes(want), `${path}: ${users.join('; ') || 'not found'}`)
  }
})

test('packing twice gives the same bytes, and only paths that leave the project change', {
  skip,
}, async (t) => {
  const trace = await tracePack({ blend: shot })
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
  const trace = await tracePack({ blend: shot })
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
    const broken = packed.paths.filter(
      (path) => !isThere(path) && !/gone\.png|<UDIM>|<UVTILE>/.test(path),
    )
    assert.deepEqual(broken, [])
    assert.deepEqual(
      packed.paths.filter((p) => !p.startsWith(dir) && !isForeign(p)),
      [],
    )
  } finally {
    renameSync(away, root)
  }
})

function generate(): Record<string, string[]> {
  const movie = join(root, 'movie.avi')
  const source = ['-f', 'lavfi', '-i', 'testsrc=size=16x16:rate=5:duration=1']
  execFileSync('ffmpeg', ['-v', 'error', ...source, '-c:v', 'mjpeg', movie])
  const script = join(scripts, 'everything.py')
  runBlender(['--python-exit-code', '3', '--python', script, '--', root, movie])
  return JSON.parse(readFileSync(join(root, 'oracle.json'), 'utf8'))
}

function render(
  blend: string,
  t: { after(fn: () => void): void },
): { pixels: string; shades: number; paths: string[] } {
  const image = join(tempDir(t), 'frame.png')
  const out = runBlender([blend, '--python', join(scripts, 'render.py'), '--', image])
  const line = out.split('\n').find((text) => text.startsWith('RESULT '))
  assert.ok(line, out)
  return JSON.parse(line.slice('RESULT '.length))
}

function runBlender(args: string[]): string {
  const options = { encoding: 'utf8', timeout: 120_000, maxBuffer: 64 * 1024 * 1024 } as const
  const done = spawnSync('blender', ['-b', '--factory-startup', ...args], options)
  assert.equal(done.status, 0, `${done.stdout}\n${done.stderr}`)
  return done.stdout
}

function tempDir(t: { after(fn: () => void): void }): string {
  const dir = mkdtempSync(join(tmpdir(), 'farm-pack-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  return dir
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
