import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  formatFrames,
  frameChunker,
  frameCount,
  parseFrames,
} from '../../src/job-types/guest/frames.ts'
import { basename, dirname, join, stem } from '../../src/job-types/guest/path.ts'
import { formatTimestampLocal, shellSplit } from '../../src/job-types/guest/text.ts'

test('frames are chunked in order, runs of three or more as a range', () => {
  assert.deepEqual(frameChunker('2..7,30-31,12', 3), ['2-4', '5-7', '12,30,31'])
  assert.deepEqual(frameChunker(' 3 - 1, 5, 5 , 4 ', 10), ['4,5'])
  assert.deepEqual(frameChunker('1-10', 4), ['1-4', '5-8', '9,10'])
  assert.deepEqual(frameChunker('7', '2'), ['7'])
  assert.equal(frameCount('1-3, 3..5'), 5)
})

test('a text that is no frame range is refused', () => {
  for (const range of ['', ' ', 'a', '1-', '-5', '1,,2', '1-2-3', '1.5', null, '1-99999999']) {
    assert.throws(() => frameChunker(range, 1), Error, `accepted ${range}`)
  }
  for (const size of [0, -1, 'x', undefined]) assert.throws(() => frameChunker('1-5', size))
})

test('chunks hold every frame once, in order, and no more than asked', () => {
  const frames = fc.uniqueArray(fc.nat({ max: 3000 }), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(frames, fc.integer({ min: 1, max: 20 }), (list, size) => {
      const sorted = list.toSorted((a, b) => a - b)
      const chunks = frameChunker(list.join(','), size)
      assert.deepEqual(chunks.flatMap(parseFrames), sorted)
      assert.ok(chunks.every((chunk) => frameCount(chunk) <= size))
      assert.deepEqual(parseFrames(formatFrames(sorted)), sorted)
    }),
  )
})

test('paths of any platform are taken apart at both slashes', () => {
  assert.equal(basename('C:\\shots\\sh010.blend'), 'sh010.blend')
  assert.equal(basename('/shots/sh010/'), 'sh010')
  assert.equal(basename(''), '.')
  assert.equal(basename('/'), '/')
  assert.equal(dirname('C:\\shots\\sh010.blend'), 'C:/shots')
  assert.equal(dirname('/sh010.blend'), '/')
  assert.equal(dirname('sh010.blend'), '.')
  assert.equal(dirname('//tex/a.png'), '//tex')
  assert.equal(stem('/a/sh010.v2.blend'), 'sh010.v2')
  assert.equal(stem('noextension'), 'noextension')
})

test('paths are joined with slashes and normalised', () => {
  assert.equal(join('/a', '', 'b/../c', './d'), '/a/c/d')
  assert.equal(join('C:\\out', 'sub\\x'), 'C:/out/sub/x')
  assert.equal(join('\\\\nas\\share', 'x'), '//nas/share/x')
  assert.equal(join('a', '../../b'), '../b')
  assert.equal(join('/..', 'b'), '/b')
  assert.equal(join(), '')
  assert.equal(join('a', '..'), '.')
})

test('arguments are split as a shell does', () => {
  assert.deepEqual(shellSplit(`a 'b c'  "d \\"e\\"" f\\ g  h"i"'j' ''`), [
    'a',
    'b c',
    'd "e"',
    'f g',
    'hij',
    '',
  ])
  assert.deepEqual(shellSplit('"C:\\Program Files\\x.exe" # comment'), ['C:\\Program Files\\x.exe'])
  assert.deepEqual(shellSplit('a#b'), ['a#b'])
  assert.deepEqual(shellSplit(''), [])
  for (const bad of ["'", 'a "b', 'a\\']) assert.throws(() => shellSplit(bad))
})

test('times are told in local time', () => {
  assert.equal(formatTimestampLocal(new Date(2026, 8, 7, 6, 5, 4)), '2026-09-07_060504')
  assert.throws(() => formatTimestampLocal('nonsense'))
})
