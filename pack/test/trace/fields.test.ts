import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openBlend } from '../../src/blend/main.ts'
import {
  followedFields,
  ignoredFields,
  unknownPathFields,
} from '../../src/trace/fields/path-fields.ts'
import { tempDir } from '../project-builder.ts'
import { missedByOthers } from '../projects/expected.ts'

const here = dirname(fileURLToPath(import.meta.url))
const documentation = readFileSync(resolve(here, '../../../docs/pack-fields.md'), 'utf8')
const foundHere = 'found where others miss it: '
const shared = resolve(here, '../../../../shared/blendfiles')

test('the newest Blender on this machine has no path field that is not known', async (t) => {
  const path = join(tempDir(t), 'a.blend')
  const save = `import bpy; bpy.ops.wm.save_as_mainfile(filepath=${JSON.stringify(path)})`
  const done = spawnSync('blender', ['-b', '--factory-startup', '--python-expr', save])
  if (done.error && process.env.CI !== 'true') return t.skip('needs blender')
  const file = await openBlend(path)
  t.after(() => file.close())
  assert.deepEqual(unknownPathFields(file.dna), [])
})

test('no Blender from 2.79 to 5.3 has a path field that is not known', async (t) => {
  if (!existsSync(shared)) return t.skip(`the test files of ${shared} are not there`)
  const versions = new Map<number, string>()
  for (const name of globSync('{upstream,blender5,show/empty}/**/*.blend', { cwd: shared })) {
    if (name.includes('corrupt')) continue
    const file = await openBlend(join(shared, name))
    if (!versions.has(file.header.version)) {
      versions.set(file.header.version, name)
      assert.deepEqual(unknownPathFields(file.dna), [], name)
    }
    file.close()
  }
  assert.ok(versions.size >= 8, `${[...versions.keys()]}`)
})

test('every test that the documentation names is there', () => {
  const [, table = ''] = documentation.split('## What others miss')
  const named = [...table.split('## ')[0]!.matchAll(/"([^"]+)"/g)].map((match) => match[1]!)
  const sources = globSync('**/*.test.ts', { cwd: join(here, '..') })
    .map((name) => readFileSync(join(here, '..', name), 'utf8'))
    .join('\n')
  // Some names are put together from a table.
  const isThere = (name: string): boolean =>
    sources.includes(name.replace(' in a le64 file, plain', '')) ||
    (name.startsWith(foundHere) && name.slice(foundHere.length) in missedByOthers)
  assert.ok(named.length > 25)
  assert.deepEqual(
    named.filter((name) => !isThere(name)),
    [],
  )
  const told = Object.keys(missedByOthers).filter((what) => !table.includes(foundHere + what))
  assert.deepEqual(told, [], 'found, but not in the documentation')
})

test('every field that is followed or left alone is in the documentation', () => {
  const lacking = [...followedFields, ...ignoredFields.keys()].filter(
    (name) => !documentation.includes(name),
  )
  assert.deepEqual(lacking, [])
})
