import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Attempt } from '../../src/farm/wire.ts'
import { healthOf } from '../../src/farm/worker-health.ts'

test('a worker is suspicious when it fails far more often than the others do', () => {
  const attempt = (outcome: Attempt['outcome']): Attempt => ({
    id: 'a',
    task_id: 't',
    job_id: 'j',
    task_name: 'render',
    task_status: 'completed',
    worker: { id: 'w', name: 'node', address: '' },
    started: '2026-01-01T00:00:00Z',
    ended: '2026-01-01T00:01:00Z',
    ...(outcome ? { outcome } : {}),
    log_start: 0,
    frames: [],
  })
  const many = (outcome: Attempt['outcome'], n: number) =>
    Array.from({ length: n }, () => attempt(outcome))
  assert.equal(healthOf([...many('failed', 2), ...many('completed', 2)]).suspicious, false)
  assert.equal(healthOf([...many('failed', 4), ...many('completed', 6)]).suspicious, true)
  assert.equal(healthOf([...many('failed', 4), ...many('completed', 60)]).bars.length, 20)

  const fifth = [...many('failed', 4), ...many('completed', 16)]
  assert.equal(healthOf(fifth, { othersRate: 0.02 }).suspicious, true)
  assert.equal(healthOf(fifth, { othersRate: 0.2 }).suspicious, false)
})
