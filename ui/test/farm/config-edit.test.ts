import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changesOf, kindOf, patchBetween, sectionsOf } from '../../src/farm/config-edit.ts'

test('an edit of the configuration is told key by key', () => {
  assert.deepEqual(changesOf({ a: 1, b: [1], c: true }, { a: 2, b: [1], c: true }), [
    { key: 'a', before: 1, after: 2 },
  ])
  assert.deepEqual(
    sectionsOf({ shaman: {}, manager_name: 'x', zzz: 1 }).map((section) => section.title),
    ['Core', 'Storage', 'Other'],
  )
})

test('what lies inside a key is edited inside it, and only what changed is sent', () => {
  const before = { shaman: { enabled: true, garbageCollect: { period: '24h', maxAge: '744h' } } }
  const after = { shaman: { enabled: true, garbageCollect: { period: '1h', maxAge: '744h' } } }
  assert.equal(kindOf('shaman', before.shaman), 'group')
  assert.equal(kindOf('variables', {}), 'variables')
  assert.equal(kindOf('allowed_hosts', []), 'json')
  assert.deepEqual(patchBetween(before, after), { shaman: { garbageCollect: { period: '1h' } } })
})
