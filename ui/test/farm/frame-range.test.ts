import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatFrames, parseFrames } from '../../src/farm/frame-range.ts'

test("frames are told in Blender's own range syntax", () => {
  assert.equal(formatFrames([1061, 1064, 1065, 1066, 1067]), '1061, 1064-1067')
  assert.equal(formatFrames([1, 2]), '1, 2')
  assert.equal(formatFrames([]), '')
})

test('what is written can be read back', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: -50, max: 3000 })), (frames) => {
      const sorted = frames.sort((a, b) => a - b)
      if (sorted.length === 0) return
      assert.deepEqual(parseFrames(formatFrames(sorted)), sorted)
    }),
  )
})

test('what is no range is told as such', () => {
  for (const text of ['', 'a', '5-1', '1-', '1;2', '1-99999999'])
    assert.equal(parseFrames(text), undefined, text)
})
