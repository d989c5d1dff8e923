import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { BlendError, tracePack } from '../src/main.ts'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../../shared/blendfiles')
const skip = existsSync(join(root, 'expected.json'))
  ? false
  : `the test files of ${root} are not there`

interface Upstream {
  error: string | null
  dependencies: { stored: string; resolved: string; is_sequence: boolean; exists: boolean }[]
}

interface Show {
  expected?: string
  required_files?: string[]
  missing?: string[]
}

const expected: { upstream: Record<string, Upstream>; show: Record<string, Show> } = skip
  ? { upstream: {}, show: {} }
  : JSON.parse(readFileSync(join(root, 'expected.json'), 'utf8'))

/** The files were made below this directory and store absolute paths to it. */
const mappings = [{ from: '/srv/show', to: join(root, 'show') }]

/** Found by others, though no file: an image without a path, which is read as the directory of its .blend. */
const falsePositives = new Set([''])

test('the files with known dependencies are there', { skip }, () => {
  assert.ok(Object.keys(expected.upstream).length > 0)
  assert.ok(Object.keys(expected.show).length > 0)
})

for (const [name, want] of Object.entries(expected.upstream)) {
  test(`every dependency that others find in ${name} is found`, async () => {
    const blend = join(root, 'upstream', name)
    if (want.error) return assert.rejects(tracePack({ blend }), BlendError)
    const { files } = await tracePack({ blend })
    for (const dependency of want.dependencies) {
      if (falsePositives.has(dependency.stored)) continue
      const path = resolve(join(root, 'upstream'), dependency.resolved)
      const found = files.filter((file) => matches(path, file.path))
      assert.ok(found.length > 0, `${dependency.stored} in ${files.map((f) => f.path)}`)
      if (dependency.exists) assert.ok(found.every((file) => file.status !== 'missing'))
    }
  })
}

const layouts = /^layouts\/(\w+)\/(.*)$/

for (const [name, want] of Object.entries(expected.show)) {
  if (layouts.test(name)) continue
  test(`every file that ${name} needs is found`, async () => {
    const blend = join(root, 'show', name)
    if (want.expected) return assert.rejects(tracePack({ blend }), BlendError)
    const { files } = await tracePack({ blend, mappings })
    const there = new Set(files.filter((f) => f.status !== 'missing').map((f) => f.path))
    for (const file of want.required_files ?? []) {
      assert.ok(there.has(join(root, 'show', file)), `${file} of ${[...there]}`)
    }
    const wanted = (want.missing ?? []).map((path) => resolve(join(root, 'show'), path))
    const missing = files.filter((f) => f.status === 'missing').map((f) => f.path)
    assert.deepEqual(missing.map((path) => resolve(join(root, 'show'), path)).sort(), wanted.sort())
  })
}

/** In these the addresses of blocks were left as they were when the pointers to them were renumbered. */
const brokenFixtures = 'dupaddr_large'

for (const name of Object.keys(expected.show)) {
  const [, layout, base] = layouts.exec(name) ?? []
  const source = Object.keys(expected.show).find((n) => !layouts.test(n) && n.endsWith(`/${base}`))
  if (layout === undefined || layout === brokenFixtures || source === undefined) continue
  test(`${name} names the same paths as the file it was made from`, async () => {
    const [converted, original] = [await pathsIn(name), await pathsIn(source)]
    assert.deepEqual(converted, original)
    assert.ok(original.length > 0)
  })
}

async function pathsIn(name: string): Promise<string[]> {
  const { blends } = await tracePack({ blend: join(root, 'show', name) })
  return [
    ...new Set(blends[0]?.references.map((r) => `${r.block} ${r.property} ${r.stored}`)),
  ].sort()
}

/** A directory or pattern stands for any file that it covers. */
function matches(pattern: string, path: string): boolean {
  if (path === pattern || path.startsWith(`${pattern}/`)) return true
  if (!pattern.includes('*')) return false
  const literal = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')
  return new RegExp(`^${literal}$`).test(path)
}
