import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { startFarm } from '../../test/farm.ts'
import { buildAddon, writeAddon } from '../build.ts'
import { extension, startBlender } from './blender.ts'

const listing = JSON.parse(Buffer.from(buildAddon()['index.json']).toString())
const { version } = listing.data[0] as { version: string }

test('Blender installs the extension from a running manager, updates it and removes it', async (t) => {
  const blender = await startBlender(t)
  if (!blender) return
  writeAddon()
  const farm = await startFarm(t)
  await extension(['remove', 'shaman_farm'], blender.env)
  const add = ['repo-add', 'farm', '--name', 'Farm', '--url', `${farm.url}/addon/index.json`]
  await extension(add, blender.env)

  const early = join(blender.dir, 'early.zip')
  await writeFile(early, buildAddon({ version: '0.0.1' })['shaman_farm.zip'])
  await extension(['install-file', '-r', 'farm', '-e', early], blender.env)
  assert.equal(await versionIn(blender), '0.0.1')
  await extension(['sync'], blender.env)
  assert.match(await extension(['list'], blender.env), /shaman_farm.*outdated/)
  await extension(['update'], blender.env)
  assert.equal(await versionIn(blender), version)
  assert.deepEqual(await droppedIn(blender, farm.url), {
    repository: `${farm.url}/addon/index.json`,
    package: 'shaman_farm',
  })

  await extension(['remove', 'shaman_farm'], blender.env)
  assert.equal(await versionIn(blender), null)
  await extension(['install', '-s', '-e', 'shaman_farm'], blender.env)
  assert.equal(await versionIn(blender), version)
})

test('the extension leaves nothing behind when it is turned off', async (t) => {
  const blender = await startBlender(t)
  if (!blender) return
  const source = join(import.meta.dirname, '../shaman_farm')
  assert.match(await extension(['validate', source], blender.env), /Success/)
  const outcome = await blender.script(`
module = 'bl_ext.user_default.shaman_farm'
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

/** Which package of which repository Blender takes the dashboard's link for, when it is dropped into its window. */
async function droppedIn(
  blender: NonNullable<Awaited<ReturnType<typeof startBlender>>>,
  url: string,
) {
  const page = readFileSync(join(import.meta.dirname, '../../ui/src/pages/addon.tsx'), 'utf8')
  const link = /'(\/addon\/shaman_farm\.zip\?[^']+)'/.exec(page)![1]!
  const outcome = await blender.script(
    `
from bl_pkg.bl_extension_utils import url_parse_for_blender
from bl_pkg.bl_extension_ops import extension_url_find_repo_index_and_pkg_id
url, query = url_parse_for_blender(args[0])
tell('repository', query['repository'])
tell('package', extension_url_find_repo_index_and_pkg_id(url)[2])
`,
    { args: [`${url}${link}`] },
  )
  assert.equal(outcome.exitCode, 0, outcome.output)
  return outcome.told
}

/** The version of the add-on from the farm's repository that is on; null without it. */
async function versionIn(blender: NonNullable<Awaited<ReturnType<typeof startBlender>>>) {
  const outcome = await blender.script(`
import tomllib
folder = bpy.utils.user_resource('EXTENSIONS', path='farm/shaman_farm')
manifest = os.path.join(folder, 'blender_manifest.toml')
is_on = 'bl_ext.farm.shaman_farm' in bpy.context.preferences.addons
tell('version', tomllib.load(open(manifest, 'rb'))['version'] if is_on and os.path.exists(manifest) else None)
`)
  assert.equal(outcome.exitCode, 0, outcome.output)
  return outcome.told.version
}
