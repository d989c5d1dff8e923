import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AvailableJobSetting } from '@shaman-farm/manager-api/schemas'
import { validateSettings } from '../../src/job-types/main.ts'
import { compileOptions, openTypes, submission } from './open.ts'

function problems(setting: Omit<AvailableJobSetting, 'key'>, value: unknown): string[] {
  const found = validateSettings({ settings: [{ key: 'x', ...setting }] }, { x: value })
  return found.problems.map(({ code }) => code)
}

test('each value must be of its setting’s type', () => {
  const fitting: [AvailableJobSetting['type'], unknown][] = [
    ['string', 'text'],
    ['int32', 3],
    ['int32', -(2 ** 31) + 1],
    ['float', 2.5],
    ['float', 3],
    ['bool', false],
  ]
  for (const [type, value] of fitting) assert.deepEqual(problems({ type }, value), [], `${type}`)
  const wrong: [AvailableJobSetting['type'], unknown][] = [
    ['string', 3],
    ['string', ['a']],
    ['int32', 2.5],
    ['int32', '3'],
    ['int32', 2 ** 31],
    ['float', '2.5'],
    ['float', Number.NaN],
    ['bool', 'true'],
    ['bool', 1],
  ]
  for (const [type, value] of wrong) {
    assert.deepEqual(problems({ type }, value), ['type'], `${type} took ${value}`)
  }
})

test('required settings must be there, and null or nothing is not there', () => {
  for (const value of [undefined, null, '']) {
    assert.deepEqual(problems({ type: 'string', required: true }, value), ['required'])
    assert.deepEqual(problems({ type: 'string' }, value), [])
  }
  assert.deepEqual(problems({ type: 'bool', required: true }, false), [])
  assert.deepEqual(problems({ type: 'int32', required: true }, 0), [])
})

test('choices and ranges hold', () => {
  assert.deepEqual(problems({ type: 'string', choices: ['a', 'b'] }, 'c'), ['choice'])
  assert.deepEqual(problems({ type: 'string', choices: ['a', 'b'] }, 'b'), [])
  const propargs = { min: 0, max: 32 }
  assert.deepEqual(problems({ type: 'int32', propargs }, -1), ['range'])
  assert.deepEqual(problems({ type: 'int32', propargs }, 33), ['range'])
  assert.deepEqual(problems({ type: 'int32', propargs }, 32), [])
})

test('defaults fill what is missing, and unknown settings pass', () => {
  const jobType = {
    settings: [
      { key: 'a', type: 'int32', default: 7 },
      { key: 'b', type: 'bool', default: false },
      { key: 'c', type: 'string', default: 'x', required: true },
    ] satisfies AvailableJobSetting[],
  }
  assert.deepEqual(validateSettings(jobType, { a: null, c: 'given', other: [1] }), {
    settings: { a: 7, b: false, c: 'given', other: [1] },
    problems: [],
  })
})

test('a submission with wrong settings is refused with a problem for each of them', async (t) => {
  const types = openTypes(t)
  const job = submission('simple-blender-render', { frames: '', chunk_size: 0, format: 3 })
  await assert.rejects(types.compile(job, compileOptions), (error: Error & { detail: unknown }) => {
    const { problems } = error.detail as { problems: { key: string; code: string }[] }
    assert.deepEqual(
      problems.map(({ key, code }) => `${key} ${code}`),
      [
        'frames required',
        'chunk_size range',
        'render_output_root required',
        'blendfile required',
        'format type',
        'image_file_extension required',
        'scene required',
      ],
    )
    return true
  })
})
