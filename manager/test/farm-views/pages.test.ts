import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TaskPageQuery, WorkerPageQuery } from '@shaman-farm/manager-api'
import { openManager, signOnWorker, submitEcho } from '../running-manager.ts'

test('jobs, tasks and workers come in the order asked for, by page, with how many there are of each status', async (t) => {
  const manager = await openManager(t)
  const { client } = manager
  for (const [name, priority] of [
    ['b', 10],
    ['a', 90],
    ['C', 50],
  ] as const) {
    await submitEcho(manager, { name, priority })
  }
  for (const [sort, order] of [
    ['name', 'abC'],
    ['-name', 'Cba'],
    ['priority', 'bCa'],
    ['-priority', 'aCb'],
    ['created', 'baC'],
    ['-created', 'Cab'],
  ] as const) {
    const { jobs } = await client.farmJobs({ query: { sort } })
    assert.equal(jobs.map(({ name }) => name).join(''), order, sort)
  }
  const paged = await client.farmJobs({ query: { sort: 'name', offset: 1, limit: 1 } })
  assert.deepEqual([paged.jobs.map(({ name }) => name), paged.total], [['b'], 3])

  const one = await signOnWorker(manager, { name: 'one' })
  await signOnWorker(manager, { name: 'two', status: 'asleep' })
  await signOnWorker(manager, { name: 'Three' })
  const workers = async (query: WorkerPageQuery) => {
    const page = await client.farmWorkers({ query })
    return [page.workers.map(({ name }) => name).join(), page.total, page.counts] as const
  }
  const all = { ...(await workers({}))[2] }
  assert.deepEqual([all.awake, all.asleep, all.offline], [2, 1, 0])
  assert.deepEqual(await workers({ sort: '-name' }), ['two,one,Three', 3, all])
  assert.deepEqual(await workers({ status: 'awake', sort: 'name' }), ['Three,one', 2, all])
  assert.deepEqual(await workers({ sort: 'status', offset: 1, limit: 1 }), ['Three', 3, all])
  assert.deepEqual((await workers({ q: 'tw' })).slice(0, 2), ['two', 1])

  const { jobs } = await client.farmJobs({ query: { sort: '-priority', limit: 1 } })
  const job_id = jobs[0]!.id
  assert.equal((await one.client.scheduleTask())!.name, 'echo')
  const tasks = async (query: TaskPageQuery) => {
    const page = await client.farmJobTasks({ params: { job_id }, query })
    const { active, queued } = page.counts
    return [page.tasks.map(({ name }) => name).join(), page.total, { active, queued }] as const
  }
  const counts = { active: 1, queued: 2 }
  assert.deepEqual(await tasks({}), ['echo,sleep,sleep', 3, counts])
  assert.deepEqual(await tasks({ sort: '-index', limit: 1 }), ['sleep', 3, counts])
  assert.deepEqual(await tasks({ sort: '-updated', limit: 1 }), ['echo', 3, counts])
  assert.deepEqual(await tasks({ sort: '-name', offset: 2 }), ['echo', 3, counts])
  assert.deepEqual(await tasks({ status: 'queued', sort: 'name' }), ['sleep,sleep', 2, counts])
})
