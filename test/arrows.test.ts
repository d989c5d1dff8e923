import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

interface Arrow {
  /** Our packages (or their entry points) this one may import. */
  mayImport: readonly string[]
  reason: string
}

// The picture of ARCHITECTURE.md. `dir` is where a package's product code lives.
const arrows: Record<string, Arrow & { dir: string }> = {
  terminal: {
    dir: 'shaman/terminal/src',
    mayImport: [],
    reason: 'it is the bottom: it talks to a person and knows nothing',
  },
  shaman: { dir: 'shaman/src', mayImport: ['terminal'], reason: 'the store must run alone' },
  'manager-api': {
    dir: 'manager/api/src',
    mayImport: ['shaman/schemas'],
    reason: 'the contract depends on no implementation',
  },
  pack: {
    dir: 'pack/src',
    mayImport: ['shaman/client', 'shaman/digest', 'terminal'],
    reason: "pack is a client; it runs on an artist's machine",
  },
  manager: {
    dir: 'manager/src',
    mayImport: ['manager-api', 'shaman', 'terminal'],
    reason: 'the manager knows workers and artists only through its API',
  },
  worker: {
    dir: 'worker/src',
    mayImport: ['manager-api', 'shaman/client', 'shaman/digest', 'shaman/materialise', 'terminal'],
    reason: 'a worker knows the manager only through its API',
  },
  ui: {
    dir: 'ui/src',
    mayImport: ['manager-api', 'shaman/schemas', 'terminal/format'],
    reason: 'the dashboard is a client in a browser',
  },
}

for (const [name, arrow] of Object.entries(arrows)) {
  test(`${name} imports only what its arrows allow`, () => {
    const wrong = importsUnder(join(root, arrow.dir)).filter(
      ({ specifier }) => !isAllowed(specifier, name, arrow),
    )
    assert.deepEqual(
      wrong.map(
        ({ file, specifier }) => `${relative(root, file)} imports ${specifier}: ${arrow.reason}`,
      ),
      [],
    )
  })
}

test('no file imports itself by way of others', () => {
  const circles = Object.values(arrows).flatMap(({ dir }) => {
    const files = new Map<string, string[]>()
    for (const { file, specifier } of importsUnder(join(root, dir))) {
      const imported = files.get(file) ?? []
      if (specifier.startsWith('.')) imported.push(join(dirname(file), specifier))
      files.set(file, imported)
    }
    return circlesIn(files)
  })
  assert.deepEqual(circles, [])
})

/** The first circle found behind each file, as the way round it. */
function circlesIn(files: ReadonlyMap<string, readonly string[]>): string[] {
  const circles: string[] = []
  const done = new Set<string>()
  const follow = (file: string, way: readonly string[]): void => {
    const begin = way.indexOf(file)
    if (begin >= 0) {
      circles.push([...way.slice(begin), file].map((one) => relative(root, one)).join(' -> '))
      return
    }
    if (done.has(file)) return
    for (const next of files.get(file) ?? []) follow(next, [...way, file])
    done.add(file)
  }
  for (const file of files.keys()) follow(file, [])
  return circles
}

function isAllowed(specifier: string, self: string, arrow: Arrow): boolean {
  const ours = /^@shaman-farm\/(.+)$/.exec(specifier)?.[1]
  if (ours === undefined) return true
  return [self, ...arrow.mayImport].some(
    (allowed) => ours === allowed || ours.startsWith(`${allowed}/`),
  )
}

function importsUnder(dir: string): { file: string; specifier: string }[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|tsx)$/.test(name))
    .map((name) => join(dir, name))
    .flatMap((file) => {
      const text = readFileSync(file, 'utf8')
      const found = text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)
      return [...found]
        .map((match) => ({ file, specifier: match[1]! }))
        .concat(escapes(file, dir, text))
    })
}

/** A relative import that leaves its package is as wrong as a forbidden name. */
function escapes(file: string, dir: string, text: string): { file: string; specifier: string }[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)]
    .map((match) => ({ file, specifier: match[1]! }))
    .filter(({ specifier }) => relative(dir, join(dirname(file), specifier)).startsWith('..'))
    .filter(({ specifier }) => !specifier.endsWith('package.json'))
    .map(({ specifier }) => ({ file, specifier: `@shaman-farm/outside (${specifier})` }))
}
