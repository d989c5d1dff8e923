import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { checkBlender } from '../../src/setup/blender-check.ts'

test('a program of another name is not started to see whether it is Blender', async (t) => {
  const dir = await temporaryFolder(t)
  const touched = join(dir, 'touched')
  const program = await script(join(dir, 'anything'), `touch '${touched}'; echo Blender 4.3.2`)
  const result = await checkBlender(program)
  assert.equal(result.is_usable, false)
  assert.equal(existsSync(touched), false)
})

test('a program called blender tells its version', async (t) => {
  const dir = await temporaryFolder(t)
  await script(join(dir, 'blender-4.3'), 'echo Blender 4.3.2')
  const result = await checkBlender(join(dir, 'blender-4.3'))
  assert.equal(result.is_usable, true)
  assert.equal(result.cause, 'Blender 4.3.2')
})

async function script(path: string, body: string): Promise<string> {
  await writeFile(path, `#!/bin/sh\n${body}\n`)
  await chmod(path, 0o755)
  return path
}

async function temporaryFolder(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'farm-setup-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  return dir
}
