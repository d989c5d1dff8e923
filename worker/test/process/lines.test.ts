import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createLineSplitter } from '../../src/process/lines.ts'

function split(chunks: readonly Uint8Array[], limit?: number): string[] {
  const lines: string[] = []
  const splitter = createLineSplitter((line) => lines.push(line), limit)
  for (const chunk of chunks) splitter.write(chunk)
  splitter.end()
  return lines
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

test('lines end at a newline, a return or both, and the rest comes at the end', () => {
  assert.deepEqual(split([bytes('a\nb\r\nc\rd\n\ne')]), ['a', 'b', 'c', 'd', '', 'e'])
})

test('a line end cut between two chunks ends one line, not two', () => {
  assert.deepEqual(split([bytes('a\r'), bytes('\nb\n')]), ['a', 'b'])
})

test('a character cut between two chunks arrives whole', () => {
  const whole = bytes('tëst 役\n')
  assert.deepEqual(split([...whole].map((byte) => Uint8Array.of(byte))), ['tëst 役'])
})

test('a line without end is cut at the limit, between characters', () => {
  const lines = split([bytes(`${'役'.repeat(10)}\nnext\n`)], 8)
  assert.deepEqual(lines, ['役役', '役役', '役役', '役役', '役役', 'next'])
})

test('whatever the chunks, the lines are the same and none is over the limit', () => {
  const text = fc.string({ unit: 'binary' }).filter((value) => !/[\uD800-\uDFFF]/.test(value))
  fc.assert(
    fc.property(
      fc.array(text),
      fc.integer({ min: 4, max: 40 }),
      fc.infiniteStream(fc.nat(7)),
      (texts, limit, cuts) => {
        const all = bytes(texts.join('\n'))
        const chunks: Uint8Array[] = []
        for (let at = 0; at < all.length; ) {
          const size = 1 + (cuts.next().value ?? 0)
          chunks.push(all.subarray(at, at + size))
          at += size
        }
        const lines = split(chunks, limit)
        assert.deepEqual(lines, split([all], limit))
        for (const line of lines) assert.ok(Buffer.byteLength(line) <= limit)
        assert.equal(lines.join(''), texts.join('\n').replaceAll(/[\r\n]/g, ''))
      },
    ),
    { numRuns: 200 },
  )
})
