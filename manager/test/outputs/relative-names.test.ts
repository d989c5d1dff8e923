import assert from 'node:assert/strict'
import { test } from 'node:test'
import { relativeNames } from '../../src/outputs/relative-names.ts'

test('no files have no names', () => {
  assert.equal(relativeNames([]).size, 0)
})

test('names begin below the folder that all files share, and leave it never', () => {
  const names = relativeNames(['/r/shot/1.png', '/r/shot/left/1.png', '/r/shot/../../etc/x'])
  assert.deepEqual([...names.values()], ['1.png', 'left/1.png', '_/_/etc/x'])
})
