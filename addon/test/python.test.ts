import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { findBlender, outputOf } from './blender.ts'

test('the modules that know nothing of Blender pass their own tests in Blender’s Python', async (t) => {
  if (!(await findBlender(t))) return
  const script = join(import.meta.dirname, 'python', 'run.py')
  const child = spawn('blender', ['-b', '--factory-startup', '--python', script])
  const { output, exitCode } = await outputOf(child)
  assert.equal(exitCode, 0, output)
  assert.ok(Number(/RAN (\d+)/.exec(output)?.[1]) >= 60, output)
})
