import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { readSceneSummary } from '../src/main.ts'
import { tempDir } from './project-builder.ts'

const script = `
import bpy, sys
path = sys.argv[-1]
other = bpy.data.scenes.new("Other")
scene = bpy.data.scenes.new("Shot ü")
bpy.context.window.scene = scene
scene.frame_start, scene.frame_end, scene.frame_step = 101, 148, 2
scene.render.fps, scene.render.fps_base = 24, 1.001
scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 1920, 800, 50
scene.render.engine = 'CYCLES'
scene.render.image_settings.file_format = 'OPEN_EXR'
scene.render.image_settings.use_preview = True
scene.render.filepath = '//../render/'
for name in ('Close', 'Wide'):
    camera = bpy.data.objects.new(name, bpy.data.cameras.new(name))
    scene.collection.objects.link(camera)
    scene.camera = camera
bpy.ops.wm.save_as_mainfile(filepath=path)
`

test('the summary of a scene is what Blender was told', async (t) => {
  const blend = join(tempDir(t), 'a.blend')
  const args = ['-b', '--factory-startup', '--python-exit-code', '3', '--python-expr', script]
  const done = spawnSync('blender', [...args, '--', blend], { encoding: 'utf8' })
  if (done.error && process.env.CI !== 'true') return t.skip('needs blender')
  assert.equal(done.status, 0, done.stderr)
  const { fps, blenderVersion, ...summary } = await readSceneSummary(blend)
  assert.deepEqual(summary, {
    scene: 'Shot ü',
    frameStart: 101,
    frameEnd: 148,
    frameStep: 2,
    format: 'OPEN_EXR',
    fileExtension: '.exr',
    width: 960,
    height: 400,
    engine: 'CYCLES',
    camera: 'Wide',
    cameras: ['Camera', 'Close', 'Wide'],
    outputPath: '//../render/',
    hasPreviews: true,
  })
  assert.ok(Math.abs(fps - 23.976) < 0.001, `${fps}`)
  assert.match(blenderVersion, /^\d\.\d+$/)
})
