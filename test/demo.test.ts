import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { execa } from 'execa'
import { needs } from './farm.ts'

test('the demo renders a real scene through the whole farm', async (t) => {
  if (!needs(t, 'blender', 'ffmpeg')) return
  const demo = join(import.meta.dirname, '../bin/src/demo/main.ts')
  const result = await execa(process.execPath, ['--no-node-snapshot', demo], {
    reject: false,
    all: true,
    timeout: 5 * 60_000,
  })
  assert.equal(result.exitCode, 0, result.all)
  assert.match(result.stdout, /6 of 6 frames and the video are there and decode/)
  assert.match(result.stdout, /^one texture changed +\d+ +\S+ .B +1 /m)
})
