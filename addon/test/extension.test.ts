import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { buildAddon } from '../build.ts'
import { extension, startBlender } from './blender.ts'

test('the extension installs from a repository, registers and is removed again', async (t) => {
  const blender = await startBlender(t)
  if (!blender) return
  const repository = join(blender.dir, 'repository')
  await mkdir(repository)
  const release = buildAddon()
  for (const [name, bytes] of Object.entries(release)) {
    await writeFile(join(repository, name), bytes)
  }
  const source = join(import.meta.dirname, '../shaman_farm')
  assert.match(await extension(['validate', source], blender.env), /Success/)
  await extension(['remove', 'shaman_farm'], blender.env)
  const url = `file://${join(repository, 'index.json')}`
  await extension(['repo-add', 'farm', '--name', 'Farm', '--url', url], blender.env)
  await extension(['sync'], blender.env)
  await extension(['install', '-e', 'shaman_farm'], blender.env)
  const outcome = await blender.script(`
module = 'bl_ext.farm.shaman_farm'
tell('enabled', module in bpy.context.preferences.addons)
tell('operators', [name for name in dir(bpy.ops.shaman_farm)])
bpy.ops.preferences.addon_disable(module=module)
tell('left', [name for name in ('shaman_farm', 'shaman_farm_settings') if hasattr(bpy.types.Scene, name)])
bpy.ops.preferences.addon_enable(module=module)
tell('again', hasattr(bpy.types.Scene, 'shaman_farm'))
`)
  assert.equal(outcome.exitCode, 0, outcome.output)
  assert.equal(outcome.told.enabled, true)
  assert.ok((outcome.told.operators as string[]).includes('submit'))
  assert.deepEqual(outcome.told.left, [])
  assert.equal(outcome.told.again, true)
})

test('the same sources make the same zip', () => {
  assert.deepEqual(buildAddon()['shaman_farm.zip'], buildAddon()['shaman_farm.zip'])
})
