import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JobType } from '../../src/send/jobs-api.ts'
import {
  buildSettings,
  parseSetting,
  renderOutputPath,
  type SettingsInput,
  safeName,
} from '../../src/send/settings.ts'

const renderType: JobType = {
  name: 'simple-blender-render',
  label: 'Simple Blender Render',
  etag: 'e1',
  settings: [
    { key: 'frames', type: 'string', required: true, eval: "f'{C.scene.frame_start}'" },
    { key: 'chunk_size', type: 'int32', default: 1 },
    { key: 'render_output_root', type: 'string', subtype: 'dir_path', required: true },
    { key: 'add_path_components', type: 'int32', default: 0, propargs: { min: 0, max: 32 } },
    { key: 'render_output_path', type: 'string', editable: false, eval: 'str(Path(...))' },
    { key: 'blendfile', type: 'string', required: true },
    { key: 'fps', type: 'float', eval: 'C.scene.render.fps' },
    { key: 'format', type: 'string', required: true, eval: 'C.scene.render...' },
    { key: 'image_file_extension', type: 'string', required: true, eval: '...' },
    { key: 'has_previews', type: 'bool', eval: '...' },
    { key: 'scene', type: 'string', required: true, eval: 'C.scene.name' },
  ],
}

const input: SettingsInput = {
  jobType: renderType,
  given: {},
  scene: {
    scene: 'Scene',
    frameStart: 1,
    frameEnd: 24,
    fps: 23.976,
    format: 'PNG',
    fileExtension: '.png',
    hasPreviews: true,
  },
  jobName: 'tëst: job',
  blendPath: '/home/ada/film/shots/sh010/sh010.blend',
  blendfile: '{jobs}/tëst_ job/shots/sh010/sh010.blend',
  renderOutputRoot: '/farm/renders',
}

test('every setting of a render comes from the scene when nothing is given', () => {
  assert.deepEqual(buildSettings(input), {
    frames: '1-24',
    chunk_size: 1,
    render_output_root: '/farm/renders',
    add_path_components: 0,
    render_output_path: '/farm/renders/tëst_ job/{timestamp}/######',
    blendfile: '{jobs}/tëst_ job/shots/sh010/sh010.blend',
    fps: 23.976,
    format: 'PNG',
    image_file_extension: '.png',
    has_previews: true,
    scene: 'Scene',
  })
})

test('what is given wins over the scene and the defaults', () => {
  const settings = buildSettings({
    ...input,
    given: { frames: '3,7', chunk_size: '5', add_path_components: '2' },
  })
  assert.equal(settings.frames, '3,7')
  assert.equal(settings.chunk_size, 5)
  assert.equal(
    settings.render_output_path,
    '/farm/renders/shots/sh010/tëst_ job/{timestamp}/######',
  )
})

test('an output root is asked for when nobody suggests one', () => {
  assert.throws(() => buildSettings({ ...input, renderOutputRoot: undefined }), {
    code: 'OUTPUT_ROOT_UNKNOWN',
  })
})

test('a setting that the job type does not have is refused with the ones it has', () => {
  assert.throws(
    () => buildSettings({ ...input, given: { chunksize: '2' } }),
    (error: Error) => {
      const { code, hint } = error as { code?: string; hint?: string }
      return code === 'SETTING_UNKNOWN' && hint?.includes('chunk_size') === true
    },
  )
})

test('a required setting without a value is named', () => {
  const jobType: JobType = {
    ...renderType,
    settings: [{ key: 'message', type: 'string', required: true }],
  }
  assert.throws(() => buildSettings({ ...input, jobType }), /message/)
})

test('a job type of one’s own gets its defaults, not values of the scene', () => {
  const jobType: JobType = {
    ...renderType,
    settings: [
      { key: 'fps', type: 'float', default: 12 },
      { key: 'sleep_repeats', type: 'int32', default: 3 },
    ],
  }
  assert.deepEqual(buildSettings({ ...input, jobType }), { fps: 12, sleep_repeats: 3 })
})

for (const [type, text] of [
  ['int32', '1.5'],
  ['int32', '3000000000'],
  ['int32', ''],
  ['float', 'fast'],
  ['float', ' '],
  ['bool', 'maybe'],
] as const) {
  test(`"${text}" is no ${type}`, () => {
    assert.throws(() => parseSetting({ key: 'x', type }, text), { code: 'SETTING_INVALID' })
  })
}

test('a number outside its range and a word outside its choices are refused', () => {
  const ranged = { key: 'n', type: 'int32', propargs: { min: 1, max: 5 } } as const
  assert.equal(parseSetting(ranged, '5'), 5)
  assert.throws(() => parseSetting(ranged, '6'), /at most 5/)
  assert.throws(() => parseSetting(ranged, '0'), /at least 1/)

  assert.throws(
    () => parseSetting({ key: 'c', type: 'string', choices: ['a', 'b'] }, 'c'),
    /one of a, b/,
  )
})

test('an output root in Windows style makes a path in Windows style', () => {
  const path = renderOutputPath({
    root: 'R:\\renders',
    blendPath: 'C:\\film\\shots\\sh010.blend',
    addPathComponents: 5,
    jobName: 'a/b',
  })
  assert.equal(path, 'R:\\renders\\film\\shots\\a_b\\{timestamp}\\######')
})

test('a safe name is one path component that every platform takes', () => {
  assert.equal(safeName('a/b\\c:d*e?"<>|'), 'a_b_c_d_e_____')
  assert.equal(safeName('..'), 'unnamed')
  assert.equal(safeName('name. . '), 'name')
  assert.equal(safeName('e\u0301'), '\u00e9')
  assert.ok(Buffer.byteLength(safeName('役'.repeat(200))) <= 120)
})
