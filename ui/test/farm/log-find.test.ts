import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shotOf } from '../../src/farm/earlier-jobs.ts'
import { testOf } from '../../src/farm/log-find.ts'

test('a text is sought as it stands, a pattern as a pattern, and half a pattern finds nothing yet', () => {
  assert.equal(testOf('Error (x)', false)?.('an ERROR (X) here'), true)
  assert.equal(testOf('fra:\\d+', true)?.('Fra:12 Mem'), true)
  assert.equal(testOf('fra:\\d+', true)?.('Fra: Mem'), false)
  assert.equal(testOf('(', true), undefined)
  assert.equal(testOf('', false), undefined)
})

test('versions of a shot have one name', () => {
  for (const name of ['sh020_anim_v014', 'sh020_anim_v2', 'sh020_anim 7', 'sh020_anim.v1']) {
    assert.equal(shotOf(name), 'sh020_anim')
  }
  assert.notEqual(shotOf('sh020_anim_v1'), shotOf('sh030_anim_v1'))
})
