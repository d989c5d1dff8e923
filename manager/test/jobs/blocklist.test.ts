import assert from 'node:assert/strict'
import { test } from 'node:test'
import { whyOf } from '../../src/farm-views/why.ts'
import { excludeWorkers, readmitWorkers } from '../../src/jobs/blocklist.ts'
import { orderJobStatus } from '../../src/jobs/job-orders.ts'
import {
  addJob,
  addWorker,
  jobNow,
  openTestFarm,
  report,
  type TestFarm,
  take,
  taskNamed,
} from '../test-farm.ts'

function blocked(farm: TestFarm, job: { id: number }): string[] {
  return farm.workers.blocklist(job.id).map(({ name, task_type }) => `${name} ${task_type}`)
}

test('a worker that a person excludes finishes what it runs, and gets no more of that type', async (t) => {
  const farm = openTestFarm(t)
  const job = await addJob(farm, [{ name: 'a' }, { name: 'b' }, { name: 'c', type: 'ffmpeg' }])
  const worker = addWorker(farm, { name: 'node', types: ['misc', 'ffmpeg'] })
  const running = take(farm, worker)!
  excludeWorkers(farm, job, [{ worker_id: worker.uuid, task_type: 'misc' }])
  report(farm, worker, running, 'completed')
  assert.equal(taskNamed(farm, job, 'a').status, 'completed')
  const next = take(farm, worker)!
  assert.equal(next.name, 'c')
  report(farm, worker, next, 'completed')
  assert.equal(take(farm, worker), undefined)
  assert.equal(taskNamed(farm, job, 'b').status, 'queued')
  assert.deepEqual(
    whyOf(farm, farm.jobs.byUuid(job.uuid)!).reasons.map(({ code }) => code),
    ['blocklisted'],
  )
})

test('whom a person excluded stays so when the job is requeued; whom the rules blocked does not', async (t) => {
  const farm = openTestFarm(t)
  const job = await addJob(
    farm,
    Array.from({ length: 40 }, (_, i) => ({ name: `t${i}` })),
  )
  const [bad, old] = [addWorker(farm, { name: 'bad' }), addWorker(farm, { name: 'old' })]
  addWorker(farm, { name: 'good' })
  for (let i = 0; i < 3; i += 1) report(farm, bad, take(farm, bad)!, 'failed')
  excludeWorkers(farm, job, [{ worker_id: old.uuid, task_type: 'misc' }])
  assert.deepEqual(blocked(farm, job), ['bad misc', 'old misc'])
  orderJobStatus(farm, jobNow(farm, job), 'cancel-requested', 'test')
  orderJobStatus(farm, jobNow(farm, job), 'requeueing', 'test')
  assert.deepEqual(blocked(farm, job), ['old misc'])
  readmitWorkers(farm, job, [{ worker_id: old.uuid, task_type: 'misc' }])
  assert.deepEqual(blocked(farm, job), [])
  assert.ok(take(farm, old))
})

test('an exclusion with one wrong entry excludes nobody', async (t) => {
  const farm = openTestFarm(t)
  const job = await addJob(farm, [{ name: 'a' }])
  const worker = addWorker(farm, { name: 'node' })
  const right = { worker_id: worker.uuid, task_type: 'misc' }
  const stranger = { ...right, worker_id: '00000000-0000-4000-8000-000000000000' }
  assert.throws(() => excludeWorkers(farm, job, [right, stranger]), { code: 'WORKER_UNKNOWN' })
  assert.throws(() => excludeWorkers(farm, job, [right, { ...right, task_type: 'mist' }]), {
    code: 'BAD_REQUEST',
    message: 'Worker node runs no tasks of type "mist"',
  })
  assert.deepEqual(blocked(farm, job), [])
})
