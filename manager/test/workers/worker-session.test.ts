import assert from 'node:assert/strict'
import { test } from 'node:test'
import { orderJobStatus } from '../../src/jobs/job-orders.ts'
import { mayKeepRunning } from '../../src/tasks/may-i-run.ts'
import { removeWorker, requestStatus } from '../../src/workers/worker-mgt.ts'
import { signOff, signOn, stateChanged } from '../../src/workers/worker-session.ts'
import type { WorkerRecord } from '../../src/workers/workers-store.ts'
import { addJob, addWorker, openTestFarm, type TestFarm, take, taskNamed } from '../test-farm.ts'

const request = { name: 'worker', supported_task_types: ['misc'], software_version: '1' }

function now(farm: TestFarm, { id }: WorkerRecord): WorkerRecord {
  return farm.workers.byId(id)
}

function returns(farm: TestFarm, worker: WorkerRecord): string {
  return signOn(farm, now(farm, worker), request, '127.0.0.1')
}

test('a worker that signs off comes back to the status it had', (t) => {
  const farm = openTestFarm(t)
  for (const status of ['awake', 'asleep'] as const) {
    const worker = addWorker(farm)
    stateChanged(farm, worker, status)
    signOff(farm, now(farm, worker))
    assert.equal(now(farm, worker).status, 'offline')
    assert.equal(returns(farm, worker), status)
    assert.equal(now(farm, worker).status, 'starting')
  }
})

test('what a worker was asked for and had not done yet is asked again, but not to go away', (t) => {
  const farm = openTestFarm(t)
  const worker = addWorker(farm)
  requestStatus(farm, worker, { status: 'asleep', isLazy: true })
  signOff(farm, now(farm, worker))
  assert.equal(returns(farm, worker), 'asleep')
  stateChanged(farm, now(farm, worker), 'asleep')
  assert.equal(now(farm, worker).status_requested, null)

  requestStatus(farm, now(farm, worker), { status: 'offline', isLazy: false })
  signOff(farm, now(farm, worker))
  assert.equal(returns(farm, worker), 'asleep')
})

test('asking for the status a worker has takes back what was asked before', (t) => {
  const farm = openTestFarm(t)
  const worker = addWorker(farm)
  requestStatus(farm, worker, { status: 'asleep', isLazy: true })
  requestStatus(farm, now(farm, worker), { status: 'awake', isLazy: false })
  assert.equal(now(farm, worker).status_requested, null)
})

test('a lazy request lets the task end, an immediate one does not', async (t) => {
  const farm = openTestFarm(t)
  const worker = addWorker(farm)
  await addJob(farm, [{ name: 'a' }])
  const { uuid } = take(farm, worker)!
  requestStatus(farm, now(farm, worker), { status: 'asleep', isLazy: true })
  assert.equal(mayKeepRunning(farm, worker.id, uuid).mayKeepRunning, true)
  requestStatus(farm, now(farm, worker), { status: 'asleep', isLazy: false })
  const { mayKeepRunning: may, statusChangeRequested } = mayKeepRunning(farm, worker.id, uuid)
  assert.deepEqual([may, statusChangeRequested], [false, true])
})

const departures: Record<string, (farm: TestFarm, worker: WorkerRecord) => void> = {
  'falls asleep': (farm, worker) => stateChanged(farm, worker, 'asleep'),
  'signs off': signOff,
  'is removed': removeWorker,
}

for (const [what, leave] of Object.entries(departures)) {
  test(`the task of a worker that ${what} is queued again, or paused with its job`, async (t) => {
    const farm = openTestFarm(t)
    for (const status of ['queued', 'paused'] as const) {
      const worker = addWorker(farm)
      const job = await addJob(farm, [{ name: 'a' }, { name: 'b' }])
      take(farm, worker)
      if (status === 'paused') orderJobStatus(farm, farm.jobs.byId(job.id), 'paused', 'a break')
      leave(farm, now(farm, worker))
      assert.equal(taskNamed(farm, job, 'a').status, status)
      assert.equal(farm.jobs.byId(job.id).status, status === 'paused' ? 'paused' : 'active')
      orderJobStatus(farm, farm.jobs.byId(job.id), 'canceled', 'done with')
    }
  })
}
