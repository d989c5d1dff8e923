import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decideFailure } from '../../src/tasks/failure-rules.ts'
import { addJob, addWorker, jobNow, openTestFarm, report, take, taskNamed } from '../test-farm.ts'

const limits = { blocklistThreshold: 3, softFailCount: 3 }
const facts = {
  failuresOfWorker: 1,
  failedWorkers: 1,
  otherWorkersForTask: 5,
  otherWorkersForType: 5,
}

test('a first failure is soft while one other worker can try', () => {
  assert.equal(decideFailure({ ...facts, otherWorkersForTask: 1 }, limits).task, 'soft-failed')
  assert.equal(decideFailure({ ...facts, otherWorkersForTask: 0 }, limits).task, 'failed')
})

test('the third worker to fail a task makes the failure final', () => {
  assert.equal(decideFailure({ ...facts, failedWorkers: 2 }, limits).task, 'soft-failed')
  assert.equal(decideFailure({ ...facts, failedWorkers: 3 }, limits).task, 'failed')
})

test('a worker is blocked at its third failure, not at its second', () => {
  assert.equal(decideFailure({ ...facts, failuresOfWorker: 2 }, limits).blockWorker, false)
  assert.equal(decideFailure({ ...facts, failuresOfWorker: 3 }, limits).blockWorker, true)
})

test('the job fails only when the last worker for a type of task is blocked', () => {
  const third = { ...facts, failuresOfWorker: 3 }
  assert.equal(decideFailure(third, limits).failJob, false)
  assert.equal(decideFailure({ ...third, otherWorkersForType: 0 }, limits).failJob, true)
})

const many = Array.from({ length: 40 }, (_, i) => ({ name: `t${i}` }))

test('on a farm of two, a task that one worker fails is done by the other', async (t) => {
  const farm = openTestFarm(t)
  const job = await addJob(farm, many)
  const [bad, good] = [addWorker(farm, { name: 'bad' }), addWorker(farm, { name: 'good' })]
  const task = take(farm, bad)!
  report(farm, bad, task, 'failed')
  assert.equal(taskNamed(farm, job, 't0').status, 'soft-failed')
  assert.notEqual(take(farm, bad)!.id, task.id, 'the one that failed it does not get it again')
  const again = take(farm, good)!
  assert.equal(again.id, task.id)
  report(farm, good, again, 'completed')
  assert.equal(taskNamed(farm, job, 't0').status, 'completed')
  assert.equal(jobNow(farm, job).status, 'active')
})

test('a worker that fails three tasks gets no more of that job, and others do what it failed', async (t) => {
  const farm = openTestFarm(t)
  const job = await addJob(farm, many)
  const [bad, good] = [addWorker(farm, { name: 'bad' }), addWorker(farm, { name: 'good' })]
  for (let i = 0; i < 3; i += 1) report(farm, bad, take(farm, bad)!, 'failed')
  assert.equal(take(farm, bad), undefined)
  assert.deepEqual(
    farm.workers.blocklist(job.id).map(({ name }) => name),
    ['bad'],
  )
  for (let task = take(farm, good); task; task = take(farm, good)) {
    report(farm, good, task, 'completed')
  }
  assert.equal(jobNow(farm, job).status, 'completed')
})

test('a deleted worker and one that cannot run the type are not counted on', async (t) => {
  const farm = openTestFarm(t)
  const job = await addJob(farm, many)
  const only = addWorker(farm, { name: 'only' })
  addWorker(farm, { name: 'other type', types: ['ffmpeg'] })
  farm.workers.remove(addWorker(farm, { name: 'gone' }).id, farm.now())
  report(farm, only, take(farm, only)!, 'failed')
  assert.equal(taskNamed(farm, job, 't0').status, 'failed')
})

test('an update that comes after a cancellation changes nothing but the log', async (t) => {
  const farm = openTestFarm(t)
  const job = await addJob(farm, many)
  const worker = addWorker(farm)
  const task = take(farm, worker)!
  const { orderJobStatus } = await import('../../src/jobs/job-orders.ts')
  orderJobStatus(farm, jobNow(farm, job), 'cancel-requested', 'test')
  assert.throws(() => report(farm, worker, task, 'failed'), { code: 'TASK_NOT_ACTIVE' })
  assert.equal(jobNow(farm, job).status, 'canceled')
  assert.equal(taskNamed(farm, job, 't0').status, 'canceled')
})
