import assert from 'node:assert/strict'
import { test } from 'node:test'
import { throughputOf } from '../../src/farm-views/throughput.ts'
import { addJob, addWorker, openTestFarm, report, take } from '../test-farm.ts'

test('what completed and what failed is counted in the half hour in which it ended', async (t) => {
  const farm = openTestFarm(t)
  await addJob(farm, [{ name: 'a' }, { name: 'b' }, { name: 'c' }])
  const worker = addWorker(farm)
  report(farm, worker, take(farm, worker)!, 'completed')
  farm.clock.now += 45 * 60_000
  report(farm, worker, take(farm, worker)!, 'completed')
  report(farm, worker, take(farm, worker)!, 'failed')
  const { from, step_s, completed, failed } = throughputOf(farm)
  assert.equal(step_s, 1800)
  assert.equal(from, '2026-01-04T13:00:00.000Z')
  assert.deepEqual(completed.slice(-3), [0, 1, 1])
  assert.deepEqual(failed.slice(-3), [0, 0, 1])
  farm.clock.now += 24 * 3_600_000
  assert.equal(
    throughputOf(farm).completed.some((n) => n > 0),
    false,
  )
})
