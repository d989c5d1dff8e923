import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

test('every link of the documentation leads somewhere', (t) => {
  const listed = spawnSync('git', ['ls-files', '-z', '*.md'], { cwd: root, encoding: 'utf8' })
  const files = listed.stdout.split('\0').filter((file) => file !== '')
  if (files.length === 0) return t.skip('not a git checkout')
  const broken = files.flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !/^(https?:|mailto:|#)/.test(target))
      .filter((target) => !existsSync(join(root, dirname(file), decodeURI(target.split('#')[0]!))))
      .map((target) => `${file}: ${target}`),
  )
  assert.deepEqual(broken, [])
})
