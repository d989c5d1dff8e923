import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import sharp from 'sharp'
import type { AuthoredTask } from '../../src/job-types/main.ts'
import { compileOptions, openTypes, submission } from './open.ts'

const hasBlender = spawnSync('blender', ['--version']).status === 0
const skip =
  hasBlender || process.env.CI === 'true' ? false : 'Blender is not installed: tiles are not proven'

// Odd sizes, so that tiles differ in size and no edge falls on a round fraction.
const makePlainScene = `
import bpy
bpy.ops.wm.read_factory_settings()
scene = bpy.context.scene
scene.render.engine = 'CYCLES'
scene.cycles.samples, scene.cycles.seed, scene.cycles.use_denoising = 1, 3, False
scene.render.resolution_x, scene.render.resolution_y = 75, 53
scene.render.resolution_percentage = 90
bpy.ops.mesh.primitive_monkey_add(location=(1, 1, 1))
`

// A blur carries light across the tiles' edges, so it must see the whole image.
const addCompositor = `
scene.render.film_transparent = True
scene.use_nodes = True
tree = scene.node_tree
layers = [n for n in tree.nodes if n.type == 'R_LAYERS'][0]
composite = [n for n in tree.nodes if n.type == 'COMPOSITE'][0]
blur = tree.nodes.new('CompositorNodeBlur')
blur.size_x = blur.size_y = 6
tree.links.new(layers.outputs['Image'], blur.inputs[0])
tree.links.new(blur.outputs[0], composite.inputs[0])
`

const usePasses = `
scene.view_layers[0].use_pass_z = True
tree.links.new(layers.outputs['Depth'], blur.inputs[1])
`

const useRegion = 'scene.render.use_border = True\n'

test('tiles put together are the image that one render makes, pixel for pixel', {
  skip,
}, async (t) => {
  const farm = await openFarm(t, makePlainScene)
  await t.test('a missing tile fails the assembly', () =>
    assert.rejects(farm.run(farm.tasks.at(-1)!), (error: { code: number; stderr: string }) => {
      assert.equal(error.code, 1)
      assert.match(error.stderr, /tile-0000-000007\.exr/)
      return true
    }),
  )
  await farm.runAll()
  const assembled = await farm.assembled()
  assert.deepEqual(assembled, await farm.wholeRender())

  await t.test('the image is made of the tiles, not rendered again', async () => {
    const [first, second] = (await readdir(join(farm.output, 'tiles'))).sort()
    await copyFile(join(farm.output, 'tiles', first!), join(farm.output, 'tiles', second!))
    await farm.run(farm.tasks.at(-1)!)
    assert.notDeepEqual(await farm.assembled(), assembled)
  })
})

test('the scene’s compositor works on the whole image, not on tiles', { skip }, async (t) => {
  const farm = await openFarm(t, makePlainScene + addCompositor, { rows: 1 })
  await farm.runAll()
  assert.deepEqual(await farm.assembled(), await farm.wholeRender())
})

const unsuitable: Record<string, [scene: string, message: RegExp]> = {
  'whose compositor needs more than the image': [
    makePlainScene + addCompositor + usePasses,
    /compositor uses more than the image: Depth/,
  ],
  'with a render region': [makePlainScene + useRegion, /turn off the render region/],
}

for (const [what, [scene, message]] of Object.entries(unsuitable)) {
  test(`a scene ${what} fails with that reason`, { skip }, async (t) => {
    const farm = await openFarm(t, scene)
    await assert.rejects(farm.run(farm.tasks[0]!), (error: { code: number; stderr: string }) => {
      assert.equal(error.code, 1)
      assert.match(error.stderr, message)
      return true
    })
  })
}

test('formats that would lose layers, and videos, are refused', async (t) => {
  const types = openTypes(t)
  for (const format of ['OPEN_EXR_MULTILAYER', 'FFMPEG']) {
    await assert.rejects(
      types.compile(
        submission('single-image-render', settingsOf('/x', { format })),
        compileOptions,
      ),
      { code: 'JOB_SCRIPT_FAILED' },
    )
  }
})

function settingsOf(dir: string, more: object = {}): Record<string, unknown> {
  return {
    frame: 7,
    columns: 2,
    rows: 2,
    render_output_root: dir,
    add_path_components: 0,
    render_output_path: join(dir, 'output ü', '######'),
    blendfile: join(dir, 'scene.blend'),
    format: 'PNG',
    scene: 'Scene',
    ...more,
  }
}

interface Farm {
  output: string
  tasks: AuthoredTask[]
  run(task: AuthoredTask): Promise<void>
  runAll(): Promise<void>
  assembled(): Promise<Buffer>
  wholeRender(): Promise<Buffer>
}

async function openFarm(t: TestContext, makeScene: string, settings = {}): Promise<Farm> {
  const dir = await mkdtemp(join(tmpdir(), 'farm-single-image-'))
  t.after(() => rm(dir, { recursive: true }))
  const blend = join(dir, 'scene.blend')
  const output = join(dir, 'output ü')
  await mkdir(output)
  await blender(dir, [
    '--python-exit-code',
    '1',
    '--python-expr',
    `${makeScene}\nbpy.ops.wm.save_as_mainfile(filepath=${JSON.stringify(blend)})`,
  ])
  const job = submission('single-image-render', settingsOf(dir, settings))
  const { tasks } = await openTypes(t).compile(job, compileOptions)
  const run = async (task: AuthoredTask): Promise<void> => {
    const { blendfile, args } = task.commands[0]!.parameters as {
      blendfile: string
      args: string[]
    }
    await blender(dir, [blendfile, ...args])
  }
  return {
    output,
    tasks,
    run,
    async runAll() {
      for (const task of tasks) await run(task)
    },
    assembled: () => pixelsOf(join(output, '000007.png')),
    async wholeRender() {
      const file = join(dir, 'whole-######')
      await blender(dir, [blend, '--render-output', file, '--render-format', 'PNG', '-f', '7'])
      return pixelsOf(join(dir, 'whole-000007.png'))
    },
  }
}

async function blender(dir: string, args: readonly string[]): Promise<void> {
  await promisify(execFile)('blender', ['-b', '-y', '--factory-startup', ...args], {
    timeout: 60_000,
    env: { ...process.env, BLENDER_USER_RESOURCES: join(dir, 'blender') },
  })
}

async function pixelsOf(file: string): Promise<Buffer> {
  return sharp(file).raw().toBuffer()
}
