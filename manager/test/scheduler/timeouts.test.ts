import assert from 'node:assert/strict'
import { test } from 'node:test'
import { giveUpSilentTasks, giveUpSilentWorkers } from '../../src/scheduler/timeouts.ts'
import { mayKeepRunning } from '../../src/tasks/may-i-run.ts'
import { heardFrom } from '../../src/workers/worker-session.ts'
import { addJob, addWorker, openTestFarm, report, take, taskNamed } from '../test-farm.ts'

test('a worker that falls silent loses its task to others and goes on by itself when it is back', async (t) => {
  const farm = openTestFarm(t)
  const job = await addJob(farm, [{ name: 'a' }, { name: 'b' }])
  const worker = addWorker(farm)
  take(farm, worker)
  farm.clock.now += 61_000
  giveUpSilentWorkers(farm, [])
  assert.equal(farm.workers.byId(worker.id).status, 'error')
  assert.equal(taskNamed(farm, job, 'a').status, 'queued')
  const back = farm.transaction(() => heardFrom(farm, farm.workers.byId(worker.id)))
  assert.equal(back.status, 'awake')
  assert.equal(take(farm, worker)?.name, 'a')
})

test('what a lost worker finished after all need not be done again', async (t) => {
  const farm = openTestFarm(t)
  const job = await addJob(farm, [{ name: 'a' }])
  const worker = addWorker(farm)
  const task = take(farm, worker)!
  farm.clock.now += 61_000
  giveUpSilentWorkers(farm, [])
  report(farm, worker, task, 'completed')
  assert.equal(taskNamed(farm, job, 'a').status, 'completed')
})

test('a worker that waits for work is not silent', (t) => {
  const farm = openTestFarm(t)
  const worker = addWorker(farm)
  farm.clock.now += 3_600_000
  giveUpSilentWorkers(farm, [worker.id])
  assert.equal(farm.workers.byId(worker.id).status, 'awake')
})

test('a task nobody reports on goes to another worker, and its attempt says why', async (t) => {
  const farm = openTestFarm(t)
  const job = await addJob(
    farm,
    Array.from({ length: 20 }, (_, i) => ({ name: `t${i}` })),
  )
  const worker = addWorker(farm, { name: 'silent' })
  addWorker(farm, { name: 'other' })
  take(farm, worker)
  farm.clock.now += 601_000
  giveUpSilentTasks(farm)
  const task = taskNamed(farm, job, 't0')
  assert.equal(task.status, 'soft-failed')
  const [attempt] = farm.attempts.ofTask(task.id)
  assert.equal(attempt?.outcome, 'timed-out')
  assert.equal(attempt?.reason, 'timeout')
})

test('asking whether to go on keeps a task alive', async (t) => {
  const farm = openTestFarm(t)
  await addJob(farm, [{ name: 'a' }])
  const worker = addWorker(farm)
  const task = take(farm, worker)!
  for (let i = 0; i < 20; i += 1) {
    farm.clock.now += 60_000
    assert.equal(mayKeepRunning(farm, worker.id, task.uuid).mayKeepRunning, true)
    giveUpSilentTasks(farm)
  }
  assert.equal(farm.tasks.byId(task.id).status, 'active')
})
