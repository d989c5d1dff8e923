import assert from 'node:assert/strict'
import { test } from 'node:test'
import { whyOf } from '../../src/farm-views/why.ts'
import { orderJobStatus } from '../../src/jobs/job-orders.ts'
import { createTag } from '../../src/workers/worker-mgt.ts'
import { addJob, addWorker, openTestFarm, type TestFarm, take } from '../test-farm.ts'

function why(farm: TestFarm, job: { uuid: string }) {
  const answer = whyOf(farm, farm.jobs.byUuid(job.uuid)!)
  return { ...answer, codes: answer.reasons.map(({ code }) => code) }
}

test('without workers, the answer is how to start one', async (t) => {
  const farm = openTestFarm(t)
  const job = await addJob(farm, [{ name: 'a' }, { name: 'video', after: ['a'] }])
  const { codes, summary } = why(farm, job)
  assert.deepEqual(codes, ['waits-for-tasks', 'no-workers'])
  assert.equal(summary, 'There are no workers')
})

test('each worker that cannot is counted under what hinders it', async (t) => {
  const farm = openTestFarm(t)
  const { id } = createTag(farm, { name: 'gpu' })
  const job = await addJob(farm, [{ name: 'a' }], { tag: farm.tags.byUuid(id!)!.id })
  const other = await addJob(farm, [{ name: 'b', type: 'blender' }])
  addWorker(farm, { name: 'one' })
  addWorker(farm, { name: 'two' })
  assert.deepEqual(why(farm, job).codes, ['tag-mismatch'])
  const blender = why(farm, other)
  assert.deepEqual(blender.codes.slice(0, 1), ['task-type-unsupported'])
  assert.match(blender.summary, /2 of 2 workers do not support/)
})

test('a paused job says so first, with what to do', async (t) => {
  const farm = openTestFarm(t)
  const job = await addJob(farm, [{ name: 'a' }])
  orderJobStatus(farm, farm.jobs.byId(job.id), 'pause-requested', 'test')
  const { summary, reasons } = why(farm, job)
  assert.equal(summary, 'The job is paused')
  assert.match(reasons[0]!.hint!, /Requeue/)
})

test('while others are served first, the answer counts them', async (t) => {
  const farm = openTestFarm(t)
  await addJob(farm, [{ name: 'a' }, { name: 'b' }])
  const job = await addJob(farm, [{ name: 'c' }])
  const worker = addWorker(farm)
  take(farm, worker)
  const { codes, ready_tasks } = why(farm, job)
  assert.deepEqual(codes, ['workers-busy', 'higher-priority-first'])
  assert.equal(ready_tasks, 1)
})
