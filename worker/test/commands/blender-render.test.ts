import assert from 'node:assert/strict'
import { readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { findCommand } from '../../src/commands/main.ts'
import { findDamage } from '../../src/images/check.ts'
import { isMissing } from '../required.ts'
import { sceneDir } from '../scenes.ts'
import { tempDir } from '../temp.ts'
import { testContext } from './context.ts'

const render = findCommand('blender-render')
const keepFrames =
  'import bpy; r = bpy.context.scene.render; r.use_file_extension = True; r.use_overwrite = False'

interface Render {
  blend?: string
  frames?: string
  output: string
  more?: string[]
}

function parametersFor({ blend = 'scene.blend', frames = '1..3', output, more = [] }: Render) {
  return {
    exe: 'blender',
    exeArgs: '-b -y --factory-startup',
    argsBefore: [],
    blendfile: join(sceneDir(), blend),
    args: [
      ...more,
      '--python-expr',
      keepFrames,
      '--render-output',
      output,
      '--render-format',
      'PNG',
      '--render-frame',
      frames,
    ],
  }
}

async function outputIn(t: TestContext): Promise<string> {
  return join(await tempDir(t), 'shöt 1', 'fr-######')
}

test('a render reports each frame, step and image as it comes', async (t) => {
  if (isMissing(t, 'blender')) return
  const context = testContext(t)
  const output = await outputIn(t)
  await render(parametersFor({ output }), context)
  assert.deepEqual(
    context.frames.map(({ frame, status }) => [frame, status]),
    [
      [1, 'completed'],
      [2, 'completed'],
      [3, 'completed'],
    ],
  )
  assert.equal(context.frames[0]?.file, output.replace('######', '000001.png'))
  assert.ok(context.frames.every(({ durationMs }) => durationMs !== undefined))
  assert.equal(context.steps, 3)
  assert.deepEqual(
    context.images.map(({ frame }) => frame),
    [1, 2, 3],
  )
  assert.match(
    context.lines[0]!,
    /^blender -b -y --factory-startup \S*scene\.blend --python \S*probe\.py --python-expr 'import bpy/,
  )
})

test('frames that are there already are skipped, and count', async (t) => {
  if (isMissing(t, 'blender')) return
  const output = await outputIn(t)
  await render(parametersFor({ output, frames: '2' }), testContext(t))
  const context = testContext(t)
  await render(parametersFor({ output }), context)
  assert.deepEqual(
    context.frames.map(({ frame, status }) => [frame, status]),
    [
      [1, 'completed'],
      [2, 'skipped'],
      [3, 'completed'],
    ],
  )
  assert.equal(context.steps, 3)
})

test('half a frame, left by a Blender that was killed, is rendered again', async (t) => {
  if (isMissing(t, 'blender')) return
  const output = await outputIn(t)
  await render(parametersFor({ output }), testContext(t))
  const [first, second] = ['1', '2'].map((n) => output.replace('######', `00000${n}.png`))
  await truncate(first!, (await stat(first!)).size >> 1)
  await writeFile(second!, '')
  const context = testContext(t)
  await render(parametersFor({ output }), context)
  assert.deepEqual(
    context.frames.map(({ status }) => status),
    ['completed', 'completed', 'skipped'],
  )
  for (const file of [first!, second!]) assert.equal(await findDamage(file), undefined)
})

const failures: { what: string; render: Partial<Render>; reason: string; message: RegExp }[] = [
  {
    what: 'a .blend that is not there',
    render: { blend: 'nowhere.blend' },
    reason: 'missing-file',
    message: /nowhere\.blend" cannot be read/,
  },
  {
    what: 'a library that is not there, though Blender exits with 0',
    render: { blend: 'lost-library.blend' },
    reason: 'missing-file',
    message: /1 linked libraries are missing/,
  },
  {
    what: 'a texture that is not there, which Blender would render in pink',
    render: { blend: 'lost-texture.blend' },
    reason: 'missing-file',
    message: /^Image ".*gone\.png" is missing$/,
  },
  {
    what: 'a scene that is not there, though Blender renders another',
    render: { more: ['--scene', 'NoSuch'] },
    reason: 'other',
    message: /no scene "NoSuch"/,
  },
  {
    what: 'an engine that is not there',
    render: { more: ['-E', 'NO_SUCH'] },
    reason: 'other',
    message: /no render engine "NO_SUCH"/,
  },
  {
    what: 'a scene without a camera',
    render: { blend: 'no-camera.blend' },
    reason: 'other',
    message: /has no camera/,
  },
  {
    what: 'a frame number that is none, though Blender exits with 0',
    render: { frames: 'abc' },
    reason: 'other',
    message: /could not read a number/,
  },
  {
    what: 'an output folder that cannot be made',
    render: { output: '/proc/nowhere/####' },
    reason: 'output',
    message: /cannot be written/,
  },
]

for (const { what, render: parts, reason, message } of failures) {
  test(`${what} fails the task`, async (t) => {
    if (isMissing(t, 'blender')) return
    const output = await outputIn(t)
    await assert.rejects(
      render(parametersFor({ output, frames: '1', ...parts }), testContext(t)),
      (error: { reason: string; message: string }) => {
        assert.match(error.message, message)
        assert.equal(error.reason, reason)
        return true
      },
    )
  })
}

test('a format this Blender does not know fails the task, though it would render with another', async (t) => {
  if (isMissing(t, 'blender')) return
  const parameters = parametersFor({ output: await outputIn(t), frames: '1' })
  parameters.args = parameters.args.map((arg) => (arg === 'PNG' ? 'NOPE' : arg))
  await assert.rejects(render(parameters, testContext(t)), /does not know the output format/)
})

test('who decided to go on without a missing library gets the render', async (t) => {
  if (isMissing(t, 'blender')) return
  const output = await outputIn(t)
  const parameters = parametersFor({ output, frames: '1', blend: 'lost-library.blend' })
  await render({ ...parameters, missing: 'ignore' }, testContext(t))
  assert.deepEqual(await readdir(join(output, '..')), ['fr-000001.png'])
})

test('a canceled render is over at once', async (t) => {
  if (isMissing(t, 'blender')) return
  const abort = new AbortController()
  const context = testContext(t, { signal: abort.signal })
  const { imageSaved } = context
  context.imageSaved = (image) => {
    imageSaved(image)
    abort.abort()
  }
  const rendering = render(parametersFor({ output: await outputIn(t), frames: '1..5000' }), context)
  await assert.rejects(rendering, { reason: 'canceled' })
})

test('a script that stops Blender with an exit code is a Python error', async (t) => {
  if (isMissing(t, 'blender')) return
  const parameters = parametersFor({ output: await outputIn(t), frames: '1' })
  parameters.args.unshift('--python-exit-code', '42', '--python-expr', 'nonsense()')
  await assert.rejects(render(parameters, testContext(t)), { reason: 'python-error' })
})

for (const [format, extension] of [
  ['OPEN_EXR', 'exr'],
  ['TIFF', 'tif'],
  ['PNG', 'png'],
  ['JPEG', 'jpg'],
] as const) {
  test(`${format} as Blender writes it is whole, and not when it is cut`, async (t) => {
    if (isMissing(t, 'blender')) return
    const output = await outputIn(t)
    const parameters = parametersFor({ output, frames: '1' })
    parameters.args = parameters.args.map((arg) => (arg === 'PNG' ? format : arg))
    await render(parameters, testContext(t))
    const file = output.replace('######', `000001.${extension}`)
    assert.equal(await findDamage(file), undefined)
    const whole = await readFile(file)
    for (const part of [0.02, 0.3, 0.6, 0.9]) {
      await writeFile(file, whole.subarray(0, Math.floor(whole.length * part)))
      assert.notEqual(await findDamage(file), undefined, `${part} of it`)
    }
  })
}
