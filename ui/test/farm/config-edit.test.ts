import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changesOf, sectionsOf } from '../../src/farm/config-edit.ts'

test('an edit of the configuration is told key by key', () => {
  assert.deepEqual(changesOf({ a: 1, b: [1], c: true }, { a: 2, b: [1], c: true }), [
    { key: 'a', before: 1, after: 2 },
  ])
  assert.deepEqual(
    sectionsOf({ shaman: {}, manager_name: 'x', zzz: 1 }).map((section) => section.title),
    ['Core', 'Storage', 'Other'],
  )
})
