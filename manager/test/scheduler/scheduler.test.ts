import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setPriority } from '../../src/jobs/job-orders.ts'
import { createTag, setTags } from '../../src/workers/worker-mgt.ts'
import type { WorkerRecord } from '../../src/workers/workers-store.ts'
import {
  addJob,
  addWorker,
  jobNow,
  openTestFarm,
  report,
  type TestFarm,
  take,
} from '../test-farm.ts'

function takeAll(farm: TestFarm, worker: WorkerRecord): string[] {
  const names: string[] = []
  for (let task = take(farm, worker); task; task = take(farm, worker)) {
    names.push(task.name)
    report(farm, worker, task, 'completed')
  }
  return names
}

test('jobs are served by priority, then in the order of their submission', async (t) => {
  const farm = openTestFarm(t)
  await addJob(farm, [{ name: 'first' }])
  await addJob(farm, [{ name: 'second' }])
  await addJob(farm, [{ name: 'urgent' }], { priority: 90 })
  const late = await addJob(farm, [{ name: 'raised' }])
  setPriority(farm, late, 95)
  assert.deepEqual(takeAll(farm, addWorker(farm)), ['raised', 'urgent', 'first', 'second'])
})

test('within a job, tasks are served by priority, then by their place', async (t) => {
  const farm = openTestFarm(t)
  await addJob(farm, [
    { name: 'a', priority: 40 },
    { name: 'b' },
    { name: 'c', type: 'blender' },
    { name: 'd', priority: 60 },
  ])
  const worker = addWorker(farm, { types: ['misc', 'blender'] })
  assert.deepEqual(takeAll(farm, worker), ['d', 'b', 'c', 'a'])
})

test('a task waits until everything it depends on is completed', async (t) => {
  const farm = openTestFarm(t)
  await addJob(farm, [
    { name: 'video', after: ['f1', 'f2'], priority: 99 },
    { name: 'f1' },
    { name: 'f2' },
  ])
  const [one, two] = [addWorker(farm), addWorker(farm)]
  const [first, second] = [take(farm, one)!, take(farm, two)!]
  assert.deepEqual([first.name, second.name], ['f1', 'f2'])
  report(farm, one, first, 'completed')
  assert.equal(take(farm, one), undefined)
  report(farm, two, second, 'completed')
  assert.equal(take(farm, one)?.name, 'video')
})

test('a worker gets only task types it supports', async (t) => {
  const farm = openTestFarm(t)
  await addJob(farm, [{ name: 'frame', type: 'blender' }, { name: 'note' }])
  assert.deepEqual(takeAll(farm, addWorker(farm, { types: ['misc'] })), ['note'])
})

test('a job with a tag is for workers with it, a job without for everybody', async (t) => {
  const farm = openTestFarm(t)
  const { id: uuid } = createTag(farm, { name: 'gpu' })
  const tag = farm.tags.byUuid(uuid!)!.id
  await addJob(farm, [{ name: 'tagged' }], { tag })
  await addJob(farm, [{ name: 'open' }])
  const plain = addWorker(farm, { name: 'plain' })
  const gpu = addWorker(farm, { name: 'gpu' })
  setTags(farm, gpu, [uuid!])
  assert.deepEqual(takeAll(farm, plain), ['open'])
  assert.deepEqual(takeAll(farm, gpu), ['tagged'])
})

test('a worker that asks again without having reported gets its task again, as a new attempt', async (t) => {
  const farm = openTestFarm(t)
  await addJob(farm, [{ name: 'a' }, { name: 'b' }])
  const worker = addWorker(farm)
  const task = take(farm, worker)!
  assert.equal(take(farm, worker)!.id, task.id)
  assert.deepEqual(
    farm.attempts.ofTask(task.id).map(({ outcome }) => outcome),
    [null, 'worker-lost'],
  )
})

test('a job that ran dry is looked at again when a task of it becomes ready', async (t) => {
  const farm = openTestFarm(t)
  const job = await addJob(farm, [{ name: 'a' }, { name: 'b', after: ['a'] }])
  const [one, two] = [addWorker(farm), addWorker(farm)]
  const task = take(farm, one)!
  assert.equal(take(farm, two), undefined)
  report(farm, one, task, 'completed')
  assert.equal(take(farm, two)?.name, 'b')
  assert.equal(jobNow(farm, job).status, 'active')
})
