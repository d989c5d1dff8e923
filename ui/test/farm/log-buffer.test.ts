import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  append,
  bufferOf,
  type LogBuffer,
  levelOf,
  parseAnsi,
  prepend,
} from '../../src/farm/log-buffer.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const texts = (buffer: LogBuffer): string[] => buffer.lines.map((line) => line.text)

test('a range that begins inside a line leaves that line out', () => {
  const whole = bytes('first\nsecond\nthird\n')
  const buffer = bufferOf(whole.subarray(3), 3, whole.length)
  assert.deepEqual(texts(buffer), ['second', 'third', ''])
  assert.equal(buffer.start, 6)
})

test('a log read in any pieces has the lines of the whole', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', 'ü', '\n', '\n\n', '日本', 'x y')), (parts) => {
      let grown = bufferOf(new Uint8Array(), 0, 0)
      for (const part of parts) {
        const next = append(grown, part, undefined)
        assert.ok(next)
        grown = next
      }
      const whole = bytes(parts.join(''))
      const read = bufferOf(whole, 0, whole.length)
      assert.deepEqual(grown.lines, read.lines)
      assert.equal(grown.end, whole.length)
    }),
  )
})

test('text that was already there is not added twice', () => {
  const buffer = bufferOf(bytes('one\ntwo\n'), 0, 8)
  assert.equal(append(buffer, 'two\n', 4), buffer)
  assert.deepEqual(texts(append(buffer, 'two\nthree\n', 4)!), ['one', 'two', 'three', ''])
})

test('a gap is no append: the log must be read again', () => {
  assert.equal(append(bufferOf(bytes('one\n'), 0, 4), 'three\n', 8), undefined)
})

test('an earlier range goes in front', () => {
  const whole = bytes('a1\nb2\nc3\nd4\n')
  const tail = bufferOf(whole.subarray(7), 7, whole.length)
  assert.deepEqual(texts(tail), ['d4', ''])
  const grown = prepend(tail, whole.subarray(0, tail.start), 0)
  assert.deepEqual(grown.lines, bufferOf(whole, 0, whole.length).lines)
})

test('lines are as loud as their prefixes', () => {
  assert.equal(levelOf('Error: Cannot read file'), 'error')
  assert.equal(levelOf('Warning: missing image "//tex/moss.exr"'), 'warning')
  assert.equal(levelOf('Saved: /render/0001.png'), 'mark')
  assert.equal(levelOf('Fra:1 Mem:22.14M | Time:00:00.12 | Rendering 1 / 64'), 'plain')
})

test('terminal colours become spans and other sequences vanish', () => {
  assert.deepEqual(parseAnsi('a\x1b[31mred\x1b[0m b\x1b[2K'), [
    { text: 'a' },
    { text: 'red', color: 'red' },
    { text: ' b' },
  ])
})
