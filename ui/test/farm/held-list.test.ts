import assert from 'node:assert/strict'
import { test } from 'node:test'
import { holdOrder } from '../../src/farm/held-list.ts'

interface Row {
  id: string
  n?: number
}
const keyOf = (row: Row): string => row.id
const rows = (ids: string): Row[] => [...ids].map((id) => ({ id }))
const ids = (list: readonly Row[]): string => list.map(keyOf).join('')

test('held rows keep their places and take new content', () => {
  const view = holdOrder<Row>(rows('abc'), [{ id: 'c', n: 2 }, { id: 'a' }, { id: 'b' }], keyOf)
  assert.equal(ids(view.rows), 'abc')
  assert.equal(view.rows[2]?.n, 2)
})

test('pending counts what would move, appear or vanish', () => {
  assert.equal(holdOrder(rows('abcd'), rows('abcd'), keyOf).pending, 0)
  assert.equal(holdOrder(rows('abcd'), rows('dabc'), keyOf).pending, 1)
  assert.equal(holdOrder(rows('abcd'), rows('abce'), keyOf).pending, 2)
  assert.equal(holdOrder(rows('abcd'), rows('dcba'), keyOf).pending, 3)
})

test('a row that vanished stays until the list is let go', () => {
  assert.equal(ids(holdOrder(rows('abc'), rows('ac'), keyOf).rows), 'abc')
})
