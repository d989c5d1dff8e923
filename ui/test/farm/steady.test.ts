import assert from 'node:assert/strict'
import { test } from 'node:test'
import { placed } from '../../src/farm/steady.ts'

test('what stays keeps its place when its neighbours go and come', () => {
  const first = placed<string>([], ['busy', 'asleep', 'waits'])
  assert.deepEqual(first, ['busy', 'asleep', 'waits'])
  const gone = placed(first, ['asleep', 'waits'])
  assert.deepEqual(gone, [undefined, 'asleep', 'waits'])
  assert.deepEqual(placed(gone, ['tag', 'waits', 'asleep', 'busy']), [
    'tag',
    'asleep',
    'waits',
    'busy',
  ])
})
