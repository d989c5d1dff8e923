import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const self = 'test/hygiene.test.ts'

const listed = spawnSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' })
const files = listed.stdout.split('\0').filter((file) => file !== '' && file !== self)
const isCheckout = listed.status === 0 && files.length > 0

function linesWith(pattern: RegExp): string[] {
  return files.filter(isText).flatMap((file) =>
    readFileSync(join(root, file), 'utf8')
      .split('\n')
      .flatMap((line, i) =>
        pattern.test(line) ? [`${file}:${i + 1}: ${line.trim().slice(0, 120)}`] : [],
      ),
  )
}

function isText(file: string): boolean {
  const path = join(root, file)
  return (
    statSync(path, { throwIfNoEntry: false })?.isFile() === true &&
    !readFileSync(path).subarray(0, 8000).includes(0)
  )
}

test('no file names the host of a package registry', (t) => {
  if (!isCheckout) return t.skip('not a git checkout')
  assert.deepEqual(
    linesWith(/registry\.(npmjs|yarnpkg)\.|npm\.pkg\.github|pypi\.org|deb\.debian\.org/),
    [],
  )
})

test('no file carries the path of this checkout or of a home', (t) => {
  if (!isCheckout) return t.skip('not a git checkout')
  const here = new RegExp(`${RegExp.escape(root)}(?=[/\\s'"\`]|$)|(^|[\\s"'\`(=])/root/`)
  assert.deepEqual(linesWith(here), [])
})

test('every package of ours is private and under the GPL', (t) => {
  if (!isCheckout) return t.skip('not a git checkout')
  const wrong = files
    .filter((file) => file.endsWith('package.json') && !file.startsWith('toolchain/'))
    .filter((file) => {
      const pack = JSON.parse(readFileSync(join(root, file), 'utf8')) as Record<string, unknown>
      return pack.private !== true || pack.license !== 'GPL-3.0-or-later'
    })
  assert.deepEqual(wrong, [])
})
