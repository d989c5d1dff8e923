import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import fc from 'fast-check'
import { quoteCommandLine, splitShellWords } from '../../src/process/command-line.ts'

test('a quoted command line gives a real shell the same arguments', () => {
  const argv = [
    'blender',
    '-b',
    "it's a scene.blend",
    '',
    '$HOME `x` "q"',
    'tëst 役',
    'a\nb',
    '####',
  ]
  const printed = execFileSync('/bin/sh', ['-c', `printf '%s\\0' ${quoteCommandLine(argv)}`])
  assert.deepEqual(printed.toString().split('\0').slice(0, -1), argv)
})

test('splitting a quoted command line gives the arguments back', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (argv) => {
      assert.deepEqual(splitShellWords(quoteCommandLine(argv)), argv)
    }),
  )
})

test('shell words know both quotes and backslashes', () => {
  assert.deepEqual(splitShellWords(`-b  -y "a b" 'c "d"' e\\ f "g\\"h" ""`), [
    '-b',
    '-y',
    'a b',
    'c "d"',
    'e f',
    'g"h',
    '',
  ])
})

test('an open quote is an error', () => {
  assert.throws(() => splitShellWords(`-b "a`), /not closed/)
})
