import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shotOf } from '../../src/farm/shot.ts'

test('versions of a shot have one name', () => {
  for (const name of ['sh020_anim_v014', 'sh020_anim_v2', 'sh020_anim 7', 'sh020_anim.v1']) {
    assert.equal(shotOf(name), 'sh020_anim')
  }
  assert.notEqual(shotOf('sh020_anim_v1'), shotOf('sh030_anim_v1'))
})
