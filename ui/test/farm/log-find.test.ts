import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testOf } from '../../src/farm/log-find.ts'

test('a text is sought as it stands, a pattern as a pattern, and half a pattern finds nothing yet', () => {
  assert.equal(testOf('Error (x)', false)?.('an ERROR (X) here'), true)
  assert.equal(testOf('fra:\\d+', true)?.('Fra:12 Mem'), true)
  assert.equal(testOf('fra:\\d+', true)?.('Fra: Mem'), false)
  assert.equal(testOf('(', true), undefined)
  assert.equal(testOf('', false), undefined)
})
