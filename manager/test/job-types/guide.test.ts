import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { patience } from '../../src/job-types/limits.ts'
import { defaultLimits } from '../../src/job-types/main.ts'
import { compileOptions, openTypes, submission } from './open.ts'

const guide = readFileSync(new URL('../../../docs/job-types.md', import.meta.url), 'utf8')

test('the job type that the guide teaches does what the guide says', async (t) => {
  const script = /```js\n([\s\S]*?)```/.exec(guide)![1]!
  const types = openTypes(t, { 'turntable.js': script })
  const settings = {
    cameras: 'front,side',
    frames: '1-48',
    render_output_root: '/out',
    blendfile: '{jobs}/x.blend',
  }
  const { tasks } = await types.compile(submission('turntable', settings), compileOptions)
  assert.deepEqual(
    tasks.map(({ name, frames }) => [name, frames]),
    [
      ['render-front', '1-48'],
      ['render-side', '1-48'],
      ['report', undefined],
    ],
  )
  await assert.rejects(
    types.compile(submission('turntable', { ...settings, cameras: ' , ' }), compileOptions),
    { message: 'turntable.js: Name at least one camera' },
  )
})

test('the limits in the guide are those that hold', () => {
  const { describeMs, compileMs, heapMib, maxTasks, maxOutputBytes, maxTaskBytes } = defaultLimits
  const sentence = [
    `${describeMs / 1000} seconds to load a script, ${compileMs / 1000} seconds to compile a job,`,
    `${heapMib} MiB of memory, ${maxTasks.toLocaleString('en')} tasks, ${maxOutputBytes / 2 ** 20} MiB`,
    `of tasks as JSON and ${maxTaskBytes / 2 ** 20} MiB for one of them`,
  ].join(' ')
  const text = guide.replace(/\s+/g, ' ')
  assert.ok(text.includes(sentence), sentence)
  assert.ok(text.includes(`may take ${patience} times as long by the clock`))
})
