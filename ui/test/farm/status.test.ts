import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lookOf } from '../../src/farm/status.ts'

test('a status of a newer manager is shown by its name instead of breaking the page', () => {
  assert.equal(lookOf('job', 'dreaming').label, 'dreaming')
  assert.equal(lookOf('job', 'constructor').label, 'constructor')
  assert.equal(lookOf('worker', 'asleep').glyph, 'moon')
})
