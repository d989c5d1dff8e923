import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openBlend } from '../../src/blend/main.ts'
import { tempDir } from '../project-builder.ts'

const scripts = dirname(fileURLToPath(import.meta.url))
const absent = ['blender', 'ffmpeg'].filter((name) => spawnSync(name, ['-version']).error)

/** Why no project can be generated here, or false. */
export const cannotGenerate = absent.length > 0 ? `needs ${absent.join(' and ')}` : false
if (cannotGenerate && process.env.CI === 'true') throw new Error(cannotGenerate)

/** Where the scene of a generated project lies. */
export function shotIn(root: string): string {
  return join(root, 'project', 'shots', 'sh010', 'sh010.blend')
}

/** Has Blender write a project that names files in every way; what Blender lists for each .blend of it. */
export async function generate(root: string): Promise<Record<string, string[]>> {
  const movie = join(root, 'movie.avi')
  const source = ['-f', 'lavfi', '-i', 'testsrc=size=16x16:rate=5:duration=1']
  execFileSync('ffmpeg', ['-v', 'error', ...source, '-c:v', 'mjpeg', movie])
  const script = join(scripts, 'everything.py')
  runBlender(['--python-exit-code', '3', '--python', script, '--', root, movie])
  return JSON.parse(readFileSync(join(root, 'oracle.json'), 'utf8'))
}

/** What a render of the first frame showed. */
export interface Rendered {
  pixels: string
  shades: number
  /** Absolute paths that Blender lists. */
  paths: string[]
  /** By object: the path that its modifier puts into geometry nodes. */
  inputs: Record<string, string>
}

export function render(blend: string, t: { after(fn: () => void): void }): Rendered {
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

const diskCache = 1 << 6

/** Blender 4.3 crashes when a script asks for this, and when it opens such a scene, so it is set in a copy. */
export async function keepRigidBodiesOnDisk(blend: string): Promise<void> {
  const file = await openBlend(blend)
  const world = file.structAt(file.withCode('SC')[0] ?? -1)?.follow('rigidbody_world')
  const cache = world?.follow('shared')?.follow('pointcache')
  const flag = cache?.number('flag')
  const place = cache?.place('flag')
  file.close()
  assert.ok(place && flag !== undefined, 'the scene has a rigid body world')
  const bytes = Buffer.alloc(place.size)
  bytes.writeInt32LE(flag | diskCache)
  overwrite(blend, place.offset, bytes)
}

/** Copies a .blend, uncompressed, with the version of another Blender in its header. */
export async function relabel(from: string, to: string, version: string): Promise<void> {
  const file = await openBlend(from)
  const bytes = Buffer.from(file.source.read(0, file.source.size))
  const global = file.blocks.offset[file.withCode('GLOB')[0] ?? -1]
  file.close()
  assert.ok(global !== undefined)
  bytes.write(version.slice(0, 3), 9)
  // The subversion: features come in the middle of a version.
  bytes.writeInt16LE(Number(version.slice(4)), global + 4)
  writeFileSync(to, bytes)
}

function overwrite(path: string, offset: number, bytes: Buffer): void {
  const fd = openSync(path, 'r+')
  writeSync(fd, bytes, 0, bytes.length, offset)
  closeSync(fd)
}
