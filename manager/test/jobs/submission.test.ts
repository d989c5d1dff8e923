import assert from 'node:assert/strict'
import { test } from 'node:test'
import { orderJobStatus } from '../../src/jobs/job-orders.ts'
import { storeJob } from '../../src/jobs/submission.ts'
import { addWorker, openTestFarm, take } from '../test-farm.ts'

const submitted = { name: 'job', type: 'test', priority: 50, submitter_platform: 'linux' }
const facts = { uuid: '11111111-1111-4111-8111-111111111111', created: 0, tag: null }

function task(name: string, dependencies: string[] = []) {
  const commands = [{ name: 'echo', parameters: { message: '' }, total_step_count: 3 }]
  return { uuid: name, name, type: 'misc', priority: 50, commands, dependencies }
}

test('a job whose compilation fails half-way leaves nothing, and nobody got its tasks', async (t) => {
  const farm = openTestFarm(t)
  const worker = addWorker(farm)
  const storing = storeJob(farm, submitted, facts, async (add) => {
    add(Array.from({ length: 1_000 }, (_, i) => task(`t${i}`)))
    assert.equal(farm.jobs.byUuid(facts.uuid)!.status, 'under-construction')
    assert.equal(take(farm, worker), undefined)
    throw new Error('the script failed')
  })
  await assert.rejects(storing, /the script failed/)
  assert.deepEqual(farm.jobs.all(), [])
  assert.equal(farm.db.prepare('SELECT count(*) FROM tasks').pluck().get(), 0)
})

test('tasks may come before those they depend on, in another batch', async (t) => {
  const farm = openTestFarm(t)
  const job = await storeJob(farm, submitted, facts, async (add) => {
    add([task('last', ['middle', 'first'])])
    add([task('middle', ['first', 'first'])])
    add([task('first')])
    return { settings: { a: 1 }, metadata: {} }
  })
  const tasks = farm.tasks.ofJob(job.id)
  assert.deepEqual(
    tasks.map(({ name, waits_for, index_in_job }) => [index_in_job, name, waits_for]),
    [
      [1, 'last', 2],
      [2, 'middle', 1],
      [3, 'first', 0],
    ],
  )
  assert.deepEqual([job.n_queued, job.steps_total, job.settings], [3, 9, '{"a":1}'])
  const worker = addWorker(farm)
  assert.equal(take(farm, worker)!.name, 'first')
})

test('the tasks of a job submitted as paused are paused from the start, and wait for its requeueing', async (t) => {
  const farm = openTestFarm(t)
  const worker = addWorker(farm)
  const wish = { ...submitted, initial_status: 'paused' as const }
  const statuses = (id: number) => farm.tasks.ofJob(id).map(({ status }) => status)
  const job = await storeJob(farm, wish, facts, async (add) => {
    add(Array.from({ length: 400 }, (_, i) => task(`t${i}`)))
    const { id } = farm.jobs.byUuid(facts.uuid)!
    assert.deepEqual(new Set(statuses(id)), new Set(['paused']))
    add([task('last', ['t0'])])
    return { settings: {}, metadata: {} }
  })
  assert.deepEqual([job.status, job.n_paused, job.n_queued], ['paused', 401, 0])
  const counted = farm.jobs.byId(job.id)
  farm.jobs.recount(job.id)
  assert.deepEqual(farm.jobs.byId(job.id), counted)
  assert.equal(take(farm, worker), undefined)
  orderJobStatus(farm, counted, 'requeueing', 'now')
  assert.deepEqual(new Set(statuses(job.id)), new Set(['queued']))
  assert.equal(take(farm, worker)!.name, 't0')
})

test('a job without tasks is completed as soon as it is stored', async (t) => {
  const farm = openTestFarm(t)
  const job = await storeJob(farm, submitted, facts, async () => ({ settings: {}, metadata: {} }))
  assert.equal(job.status, 'completed')
})
