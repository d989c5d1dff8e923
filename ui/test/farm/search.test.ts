import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bestOf } from '../../src/farm/search.ts'

test('a name that begins with what was typed comes first', () => {
  const found = bestOf(['my sh020', 'sh020_anim', 'sxhx020', 'other'], 'sh020', (text) => text)
  assert.deepEqual(found, ['sh020_anim', 'my sh020', 'sxhx020'])
})
