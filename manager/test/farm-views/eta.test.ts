import assert from 'node:assert/strict'
import { test } from 'node:test'
import { etaOf } from '../../src/farm-views/eta.ts'
import { applyUpdate } from '../../src/tasks/task-updates.ts'
import { addJob, addWorker, openTestFarm, take } from '../test-farm.ts'

test('the time left is a range: what is left, at the speed of the faster and the slower frames, by those at work', async (t) => {
  const farm = openTestFarm(t)
  const plans = ['a', 'b'].map((name) => ({ name, frames: '1-10', steps: 10 }))
  const job = await addJob(farm, plans)
  const eta = () => etaOf(farm, farm.jobs.byUuid(job.uuid)!).eta
  const crew = ['one', 'two'].map((name) => addWorker(farm, { name }))
  assert.equal(eta(), undefined, 'nobody is at it')
  const [task] = crew.map((worker) => take(farm, worker)!)
  const render = (frame: number, duration_ms: number): void => {
    const frames = [{ frame, status: 'completed' as const, duration_ms }]
    farm.transaction(() =>
      applyUpdate(farm, crew[0]!.id, task!.uuid, { frames, steps_completed: frame }, undefined),
    )
  }
  render(1, 4_000)
  render(2, 8_000)
  assert.equal(eta(), undefined, 'two frames tell nothing yet')
  render(3, 4_000)
  render(4, 12_000)
  render(5, 8_000)
  const { steps_total, steps_completed } = farm.jobs.byUuid(job.uuid)!
  assert.deepEqual([steps_total, steps_completed], [20, 5])
  // 15 frames by two workers: 4 s or 8 s each.
  assert.deepEqual(eta(), { low_s: 30, high_s: 60 })
})
