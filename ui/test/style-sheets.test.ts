import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = join(dirname(dirname(fileURLToPath(import.meta.url))), 'src')
const named = namedClasses()

test('every class that a view names is in its style sheet', () => {
  const missing = [...named].flatMap(([sheet, names]) =>
    [...names].filter((name) => !classesOf(sheet).has(name)).map((name) => `${sheet}: ${name}`),
  )
  assert.ok(named.size > 40, `${named.size} style sheets`)
  assert.deepEqual(missing, [])
})

test('every class of a style sheet is named by a view', () => {
  const unused = globSync('**/*.module.css', { cwd: root }).flatMap((sheet) =>
    [...classesOf(sheet)]
      .filter((name) => !named.get(sheet)?.has(name))
      .map((name) => `${sheet}: ${name}`),
  )
  assert.deepEqual(unused, [])
})

function namedClasses(): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>()
  for (const file of globSync('**/*.{ts,tsx}', { cwd: root })) {
    const text = readFileSync(join(root, file), 'utf8')
    for (const [, local, path] of text.matchAll(/import (\w+) from '(\.[^']+\.module\.css)'/g)) {
      const sheet = join(dirname(file), path!)
      const names = found.get(sheet) ?? new Set()
      found.set(sheet, names)
      for (const [, name] of text.matchAll(new RegExp(`\\b${local}\\.(?!module\\.css)(\\w+)`, 'g')))
        names.add(name!)
    }
  }
  return found
}

function classesOf(sheet: string): Set<string> {
  const text = readFileSync(join(root, sheet), 'utf8')
    .replace(/\/\*.*?\*\//gs, '')
    .replace(/:global\([^)]*\)/g, '')
  return new Set([...text.matchAll(/\.([a-z_][\w-]*)/gi)].map(([, name]) => name!))
}
