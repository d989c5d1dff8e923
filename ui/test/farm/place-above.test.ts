import assert from 'node:assert/strict'
import { test } from 'node:test'
import { placeAbove } from '../../src/farm/place-above.ts'

test('Escape goes one place up, and nowhere from the top or from a form', () => {
  const way = (path: string): string[] => {
    const above = placeAbove(path)
    return above === undefined ? [path] : [path, ...way(above)]
  }
  assert.deepEqual(way('/jobs/j/tasks/t'), ['/jobs/j/tasks/t', '/jobs/j/tasks', '/jobs/j', '/jobs'])
  assert.deepEqual(way('/jobs/j/diff/o'), [
    '/jobs/j/diff/o',
    '/jobs/j/submission',
    '/jobs/j',
    '/jobs',
  ])
  assert.deepEqual(way('/storage/checkouts/spring/a'), ['/storage/checkouts/spring/a', '/storage'])
  assert.deepEqual(way('/wall'), ['/wall', '/'])
  assert.deepEqual(way('/jobs/submit'), ['/jobs/submit'])
})
