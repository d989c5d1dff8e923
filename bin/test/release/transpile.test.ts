import assert from 'node:assert/strict'
import { dirname, join, posix } from 'node:path'
import { test } from 'node:test'
import { ownPackages } from '../../src/release/release.ts'
import { transpilePackage } from '../../src/release/transpile.ts'

const root = dirname(dirname(dirname(import.meta.dirname)))

test('every relative import of the shipped packages leads to a shipped file', async () => {
  const entries = (await Promise.all(ownPackages.map((one) => transpilePackage(root, one)))).flat()
  const shipped = new Set(entries.map((entry) => entry.path))
  const lost = entries.flatMap(({ path, from }) => {
    if (!path.endsWith('.js') || !('bytes' in from)) return []
    return [...Buffer.from(from.bytes).toString().matchAll(relativeImport)]
      .map((match) => posix.join(posix.dirname(path), match[1]!))
      .filter((target) => !shipped.has(target))
      .map((target) => `${path} → ${target}`)
  })
  assert.deepEqual(lost, [])
  assert.ok(shipped.size > 300, `only ${shipped.size} files`)
})

test('the entry points of the shipped packages are shipped', async () => {
  for (const own of ownPackages) {
    const entries = await transpilePackage(root, own)
    const base = `app/node_modules/${own.name}`
    const manifest = entries.find((entry) => entry.path === join(base, 'package.json'))
    assert.ok(manifest && 'bytes' in manifest.from)
    const { exports } = JSON.parse(Buffer.from(manifest.from.bytes).toString()) as {
      exports: Record<string, string>
    }
    for (const target of Object.values(exports)) {
      assert.ok(
        entries.some((entry) => entry.path === posix.join(base, target)),
        `${base} ${target}`,
      )
    }
  }
})

const relativeImport = /(?:^|\n)(?:import|export)[^"'\n]*["'](\.{1,2}\/[^"']+)["']/g
