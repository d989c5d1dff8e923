import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ariaSort, turnSort } from '../../src/farm/sorting.ts'
import type { WorkerRow } from '../../src/farm/wire.ts'
import { sortWorkers } from '../../src/farm/worker-order.ts'

function worker(name: string, facts: Partial<WorkerRow> = {}): WorkerRow {
  return {
    id: name,
    name,
    status: 'awake',
    version: '0.1.0',
    can_restart: true,
    ip_address: '10.0.0.9',
    platform: 'linux',
    supported_task_types: ['blender'],
    tags: [],
    ...facts,
  }
}

const crew = [
  worker('node-10', { status: 'offline', version: '0.10.0', ip_address: '10.0.0.10' }),
  worker('node-2', { status: 'error', version: '0.9.0', ip_address: '10.0.0.2' }),
  worker('node-1', { tags: [{ name: 'gpu' }], last_seen: '2026-01-01T00:00:00Z' }),
]
const names = (sort: string): string[] => sortWorkers(crew, sort).map(({ name }) => name)

test('numbers in names, versions and addresses count as numbers', () => {
  assert.deepEqual(names('name'), ['node-1', 'node-2', 'node-10'])
  assert.deepEqual(names('version'), ['node-1', 'node-2', 'node-10'])
  assert.deepEqual(names('-address'), ['node-10', 'node-1', 'node-2'])
})

test('by status what is wrong comes first, and turned round what is away', () => {
  assert.deepEqual(names('status'), ['node-2', 'node-1', 'node-10'])
  assert.deepEqual(names('-status'), ['node-10', 'node-1', 'node-2'])
})

test('who has nothing in the column comes last either way', () => {
  assert.deepEqual(names('tags'), ['node-1', 'node-2', 'node-10'])
  assert.deepEqual(names('-tags'), ['node-1', 'node-2', 'node-10'])
  assert.deepEqual(names('-seen'), ['node-1', 'node-2', 'node-10'])
})

test('an order that nobody knows is that of names', () => {
  assert.deepEqual(names('constructor'), names('name'))
})

test('a click on a column takes its own order first, then turns it round', () => {
  assert.equal(turnSort('name', 'seen', '-seen'), '-seen')
  assert.equal(turnSort('-seen', 'seen', '-seen'), 'seen')
  assert.equal(turnSort('seen', 'seen', '-seen'), '-seen')
  assert.equal(turnSort('-seen', 'name'), 'name')
  assert.deepEqual(
    ['name', '-name', 'seen'].map((sort) => ariaSort(sort, 'name')),
    ['ascending', 'descending', undefined],
  )
})
