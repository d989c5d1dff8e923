import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMatcher, nameOfPress, type Shortcut } from '../../src/farm/shortcuts.ts'

const press = (
  key: string,
  held: Partial<Record<'ctrlKey' | 'shiftKey' | 'altKey', boolean>> = {},
) => nameOfPress({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...held })

test('presses have the names that shortcuts are written in', () => {
  assert.equal(press('p'), 'p')
  assert.equal(press('C', { shiftKey: true }), 'Shift+C')
  assert.equal(press('k', { ctrlKey: true }), 'Mod+K')
  assert.equal(press('?', { shiftKey: true }), '?')
  assert.equal(press('Shift', { shiftKey: true }), undefined)
  assert.equal(press('p', { altKey: true }), undefined)
})

const shortcut = (keys: string): Shortcut => ({ keys, label: keys, group: 'Go', run: () => {} })

test('two keys after each other are one shortcut, if they come soon enough', () => {
  const matcher = createMatcher(() => [shortcut('g j'), shortcut('j')])
  assert.equal(matcher.press('g', 0), undefined)
  assert.equal(matcher.press('j', 300)?.keys, 'g j')
  assert.equal(matcher.press('g', 1000), undefined)
  assert.equal(matcher.press('j', 9000)?.keys, 'j')
})

test('the page that registered last wins', () => {
  const early = shortcut('p')
  const late = shortcut('p')
  assert.equal(createMatcher(() => [early, late]).press('p', 0), late)
})
