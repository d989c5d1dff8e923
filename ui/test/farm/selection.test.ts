import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  click,
  extendTo,
  keepExisting,
  nothingSelected,
  selectAll,
  selectOnly,
  toggle,
} from '../../src/farm/selection.ts'

const order = ['a', 'b', 'c', 'd', 'e']
const plain = { shiftKey: false, ctrlKey: false, metaKey: false }

test('a click selects one, with Ctrl it toggles, with Shift it extends from the anchor', () => {
  const one = click(nothingSelected, 'b', order, plain)
  assert.deepEqual([...one.keys], ['b'])
  const two = click(one, 'd', order, { ...plain, ctrlKey: true })
  assert.deepEqual([...two.keys], ['b', 'd'])
  const range = click(two, 'b', order, { ...plain, shiftKey: true })
  assert.deepEqual([...range.keys], ['b', 'c', 'd'])
})

test('extending back over the anchor drops the other side', () => {
  const down = extendTo(selectOnly('c'), 'e', order)
  assert.deepEqual([...extendTo(down, 'a', order).keys], ['a', 'b', 'c'])
})

test('rows that no longer exist leave the selection', () => {
  const left = keepExisting(selectAll(order), new Set(['b', 'z']))
  assert.deepEqual([...left.keys], ['b'])
  assert.equal(left.anchor, undefined)
})

test('nothing gone is the same selection, so that nobody redraws', () => {
  const selection = toggle(nothingSelected, 'a')
  assert.equal(keepExisting(selection, new Set(order)), selection)
})
