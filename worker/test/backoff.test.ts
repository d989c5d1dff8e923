import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wasHeld } from '../src/backoff.ts'

test('a manager that answers slowly is not taken for one that holds the question', () => {
  assert.equal(wasHeld(performance.now() - 3_000, 30), false)
  assert.equal(wasHeld(performance.now() - 30_000, 30), true)
  assert.equal(wasHeld(performance.now() - 30_000, 0), false)
})
