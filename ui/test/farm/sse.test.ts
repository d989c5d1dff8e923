import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createSseParser, type SseMessage } from '../../src/farm/sse.ts'

function parse(...cuts: string[]): SseMessage[] {
  const seen: SseMessage[] = []
  const feed = createSseParser((message) => seen.push(message))
  for (const cut of cuts) feed(cut)
  return seen
}

test('a message has its id, its event and its data', () => {
  assert.deepEqual(parse('id: 7\nevent: job\ndata: {"a":1}\n\n'), [
    { id: '7', event: 'job', data: '{"a":1}' },
  ])
})

test('several data lines are one text, and comments are none', () => {
  assert.deepEqual(parse(': beat\n\ndata: one\ndata: two\n\n'), [
    { id: undefined, event: 'message', data: 'one\ntwo' },
  ])
})

test('an id holds for the messages after it', () => {
  assert.deepEqual(
    parse('id: 1\ndata: a\n\ndata: b\n\n').map((message) => message.id),
    ['1', '1'],
  )
})

test('a stream means the same in whatever pieces it arrives', () => {
  const text = 'id: 1\r\nevent: task\r\ndata: x\r\n\r\nid: 2\ndata: y\ndata: z\n\n'
  const whole = parse(text)
  fc.assert(
    fc.property(fc.array(fc.nat(text.length)), (places) => {
      const marks = [0, ...places.sort((a, b) => a - b), text.length]
      const cuts = marks.slice(1).map((end, index) => text.slice(marks[index], end))
      assert.deepEqual(parse(...cuts), whole)
    }),
  )
})
