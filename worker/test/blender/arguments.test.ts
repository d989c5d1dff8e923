import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRenderArguments } from '../../src/blender/arguments.ts'

const framesOf = (...args: string[]): readonly number[] | undefined =>
  parseRenderArguments(args).frames

test('frames of a render are read from lists and ranges, in order and once', () => {
  assert.deepEqual(framesOf('--render-frame', '7,1..3,2'), [1, 2, 3, 7])
  assert.deepEqual(framesOf('-f', '1', '-f', '5'), [1, 5])
})

test('an animation has the frames of its start, end and step', () => {
  assert.deepEqual(framesOf('-s', '2', '-e', '8', '-j', '3', '-a'), [2, 5, 8])
})

test('frames that the scene decides are not guessed', () => {
  assert.equal(framesOf('-a'), undefined)
  assert.equal(framesOf('-s', '1', '-a'), undefined)
  assert.equal(framesOf('-f', '-5'), undefined)
  assert.equal(framesOf('-f', '+1'), undefined)
  assert.equal(framesOf('-f', 'abc'), undefined)
  assert.equal(framesOf('-f', '1,+2'), undefined)
  assert.equal(framesOf(), undefined)
})

test('scene, output and format are those that come last', () => {
  const request = parseRenderArguments([
    '-S',
    'A',
    '--scene',
    'B',
    '-o',
    '/x/####',
    '-F',
    'FFMPEG',
    '--',
    '-o',
    'no',
  ])
  assert.deepEqual(request, { scene: 'B', output: '/x/####', format: 'FFMPEG', isMovie: true })
})

test('a huge range does not fill the memory', () => {
  assert.equal(framesOf('-f', '1..999999999999'), undefined)
})
