import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileOptions, openTypes, submission } from './open.ts'

const blenderSettings = {
  frames: '1-10',
  chunk_size: 3,
  render_output_root: '/render',
  add_path_components: 0,
  render_output_path: '/render/shot/{timestamp}/######',
  blendfile: '{jobs}/shot/sh010.flamenco.blend',
  fps: 24,
  format: 'PNG',
  image_file_extension: '.png',
  has_previews: false,
  scene: 'Scene',
}

test('a Blender job becomes one task a chunk and a video task that waits for all of them', async (t) => {
  const types = openTypes(t)
  const job = await types.compile(
    submission('simple-blender-render', blenderSettings),
    compileOptions,
  )
  assert.deepEqual(
    job.tasks.map(({ name, type, frames }) => ({ name, type, frames })),
    [
      { name: 'render-1-3', type: 'blender', frames: '1-3' },
      { name: 'render-4-6', type: 'blender', frames: '4-6' },
      { name: 'render-7-9', type: 'blender', frames: '7-9' },
      { name: 'render-10', type: 'blender', frames: '10' },
      { name: 'preview-video', type: 'ffmpeg', frames: undefined },
    ],
  )
  assert.deepEqual(
    job.tasks[4]?.dependencies,
    job.tasks.slice(0, 4).map(({ uuid }) => uuid),
  )
  assert.equal(job.settings.render_output_path, '/render/shot/2026-01-02_030405/######')
})

test('a video of 100,000 frames waits for all of them', async (t) => {
  const types = openTypes(t)
  const settings = { ...blenderSettings, frames: '1-100000', chunk_size: 1 }
  const { tasks } = await types.compile(
    submission('simple-blender-render', settings),
    compileOptions,
  )
  assert.equal(tasks.length, 100_001)
  assert.equal(tasks.at(-1)?.dependencies.length, 100_000)
})

test('a render task calls Blender with the scene, the output, the format and its frames', async (t) => {
  const types = openTypes(t)
  const job = await types.compile(
    submission('simple-blender-render', { ...blenderSettings, frames: '1-2,5', chunk_size: 3 }),
    compileOptions,
  )
  const [command] = job.tasks[0]!.commands
  assert.equal(command?.name, 'blender-render')
  assert.equal(command?.total_step_count, 3)
  const { args, ...parameters } = command!.parameters as { args: string[] }
  assert.deepEqual(parameters, {
    exe: '{blender}',
    exeArgs: '{blenderArgs}',
    argsBefore: [],
    blendfile: '{jobs}/shot/sh010.flamenco.blend',
  })
  assert.deepEqual(
    [...args.slice(0, 3), ...args.slice(4)],
    [
      '--scene',
      'Scene',
      '--python-expr',
      '--render-output',
      '/render/shot/2026-01-02_030405/######',
      '--render-format',
      'PNG',
      '--render-frame',
      '1,2,5',
    ],
  )
  assert.match(args[3]!, /use_overwrite = False/)
})

test('the video of a job is named after the .blend and its frames', async (t) => {
  const types = openTypes(t)
  const nameFor = async (settings: object): Promise<unknown> => {
    const job = await types.compile(
      submission('simple-blender-render', { ...blenderSettings, ...settings }),
      compileOptions,
    )
    return job.tasks.find(({ name }) => name === 'preview-video')?.commands[0]?.parameters
  }
  const dir = '/render/shot/2026-01-02_030405'
  const plain = (await nameFor({})) as Record<string, unknown>
  assert.equal(plain.outputFile, `${dir}/sh010-1-10.mp4`)
  assert.equal(plain.inputGlob, `${dir}/*.png`)
  assert.equal(plain.fps, 24)
  const list = (await nameFor({ frames: '30, 2..4' })) as Record<string, unknown>
  assert.equal(list.outputFile, `${dir}/sh010-2-30.mp4`)
  const exr = { format: 'OPEN_EXR_MULTILAYER', image_file_extension: '.exr' }
  assert.equal(await nameFor(exr), undefined)
  const previews = (await nameFor({ ...exr, has_previews: true })) as Record<string, unknown>
  assert.equal(previews.inputGlob, `${dir}/*.jpg`)
  assert.equal(await nameFor({ fps: null }), undefined)
})

test('a Blender job of a video format is refused with the script’s own words', async (t) => {
  const types = openTypes(t)
  await assert.rejects(
    types.compile(
      submission('simple-blender-render', { ...blenderSettings, format: 'FFMPEG' }),
      compileOptions,
    ),
    { code: 'JOB_SCRIPT_FAILED', message: /images, not videos/ },
  )
})

test('an echo sleep test sleeps as often as asked, after the echo', async (t) => {
  const types = openTypes(t)
  const job = await types.compile(
    submission('echo-sleep-test', { message: 'hi', sleep_repeats: 2 }),
    compileOptions,
  )
  const [echo, ...sleeps] = job.tasks
  assert.deepEqual(echo?.commands[0]?.parameters, { message: 'hi' })
  assert.equal(sleeps.length, 2)
  for (const sleep of sleeps) {
    assert.deepEqual(sleep.dependencies, [echo?.uuid])
    assert.deepEqual(sleep.commands[0]?.parameters, { duration_in_seconds: 1 })
  }
})
