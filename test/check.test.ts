import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

test('every file is formatted and free of lint', () => {
  assertClean('@biomejs/biome/bin/biome', ['check', '.'])
})

test('the types of the server packages hold', () => {
  assertClean('typescript/bin/tsc', ['-p', 'tsconfig.json'])
})

test('the types of the dashboard hold', () => {
  assertClean('typescript/bin/tsc', ['-p', 'ui/tsconfig.json'])
})

function assertClean(tool: string, args: string[]): void {
  const result = spawnSync(process.execPath, [join(root, 'node_modules', tool), ...args], {
    cwd: root,
    encoding: 'utf8',
    timeout: 5 * 60_000,
  })
  assert.equal(result.status, 0, `${result.stdout}${result.stderr}`)
}
