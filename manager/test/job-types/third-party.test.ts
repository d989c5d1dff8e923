import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { compileOptions, openTypes, submission } from './open.ts'

const scriptsDir = fileURLToPath(new URL('./scripts/', import.meta.url))

test('scripts written for Flamenco are listed as they are', async (t) => {
  const types = openTypes(t, {}, { scriptsDir })
  const names = (await types.list()).map(({ name }) => name)
  for (const name of ['compositor-pass', 'gpu-render', 'tiled-still'])
    assert.ok(names.includes(name))
  const tiled = await types.get('tiled-still')
  assert.equal(tiled.label, 'Tiled Still')
  assert.deepEqual(tiled.settings[1], {
    key: 'tile_size',
    type: 'int32',
    default: 5,
    propargs: { min: 1, max: 100 },
    visible: 'submission',
    description: 'Tile size in percent of the image',
  })
})

test('a script in the old style of JavaScript makes its tiles and their merge', async (t) => {
  const types = openTypes(t, {}, { scriptsDir })
  const { tasks, settings } = await types.compile(
    submission('tiled-still', {
      frame: 12,
      tile_size: 40,
      render_output_path: '\\\\nas\\out\\{timestamp}\\{name}',
      blendfile: '/x.blend',
      format: 'PNG',
      image_file_extension: '.png',
      resolution_x: 1920,
      resolution_y: 1080,
    }),
    compileOptions,
  )
  assert.equal(settings.render_output_path, '\\\\nas\\out\\2026-01-02_030405\\{name}')
  assert.equal(tasks.length, 10)
  assert.equal(tasks[0]?.name, 'render-12-tile-000')
  assert.equal(tasks[0]?.frames, '12')
  const args = tasks[0]?.commands[0]?.parameters.args as unknown[]
  assert.ok(args.includes('//nas/out/2026-01-02_030405/tiles/tile-0'))
  assert.equal(args.at(-1), 12)
  assert.equal(tasks[9]?.dependencies.length, 9)
})

test('a thrown text is the answer the submitter gets', async (t) => {
  const types = openTypes(t, {}, { scriptsDir })
  const settings = {
    frame: 1,
    blendfile: 'x',
    format: 'JPEG',
    image_file_extension: '.jpg',
    resolution_x: 1,
    resolution_y: 1,
  }
  await assert.rejects(types.compile(submission('tiled-still', settings), compileOptions), {
    code: 'JOB_SCRIPT_FAILED',
    message: 'tiled_still.js: This job type can only render PNG and EXR',
  })
})

test('a script in the new style of JavaScript chooses devices and splits arguments', async (t) => {
  const types = openTypes(t, {}, { scriptsDir })
  const { tasks, metadata } = await types.compile(
    submission('gpu-render', {
      frames: '2..7,30-31,12',
      chunk_size: 3,
      experimental: true,
      extra_args: '--threads 4 --log "a b"',
    }),
    compileOptions,
  )
  assert.deepEqual(
    tasks.map(({ name, frames, priority }) => [name, frames, priority]),
    [
      ['gpu-2-4', '2-4', 80],
      ['gpu-5-7', '5-7', 80],
      ['gpu-12,30,31', '12,30,31', 80],
    ],
  )
  assert.deepEqual(metadata, { chunks: '3' })
  const args = tasks[2]?.commands[0]?.parameters.args as string[]
  assert.match(args[1]!, /'OPTIX'.*EXPERIMENTAL/)
  assert.deepEqual(args.slice(2), ['--threads', '4', '--log', 'a b', '--render-frame', '12,30,31'])
})

test('every name a script may use is there', async (t) => {
  const types = openTypes(t, {}, { scriptsDir })
  const job = {
    ...submission('compositor-pass', { odd: null }),
    metadata: { artist: 'Ünal' },
    worker_tag: '5d9a1f1c-5b1e-4f0a-9d7e-222222222222',
    storage: { shaman_checkout_id: 'shot/x' },
  }
  const { tasks, settings, metadata, messages } = await types.compile(job, compileOptions)
  assert.deepEqual(JSON.parse(settings.message as string), {
    ids: [compileOptions.jobId, job.worker_tag, 'shot/x'],
    job: ['test job', 'compositor-pass', 50, 'under-construction'],
    created: [true, '2026-01-02_030405'],
    metadata: { artist: 'Ünal' },
    odd: false,
    same: [true, true, true],
    process: ['string', process.platform === 'win32' ? 'windows' : process.platform],
  })
  assert.deepEqual(metadata, { artist: 'Ünal', tasks: 'first:file-management:2,report:misc:1' })
  assert.deepEqual(messages, [
    { level: 'info', text: 'compiling test job 3 {"nested":[1]} null undefined' },
    { level: 'warning', text: 'look here' },
  ])
  const [first, report] = tasks
  assert.deepEqual(
    first?.commands.map(({ parameters }) => parameters),
    [{ path: '/out' }, { src: '/a', dest: '/b' }],
  )
  assert.deepEqual(report?.dependencies, [first?.uuid])
  assert.equal(report?.frames, '1-3,7')
  assert.deepEqual(report?.commands[0]?.parameters, {
    message: first?.uuid,
    file: 'lib/report.js',
    dir: 'lib',
  })
})
