import assert from 'node:assert/strict'
import { test } from 'node:test'
import { echoJob, submitEcho } from '../../running-manager.ts'
import { openSetting, type Setting, unknownId, until } from './setting.ts'

test('job operations answer as documented', async (t) => {
  const { expect, worker } = await openSetting(t)
  await expect('getJobTypes', 200)
  const type = (await expect('getJobType', 200, { params: { typeName: 'echo-sleep-test' } })) as {
    etag: string
  }
  await expect('getJobType', 404, { params: { typeName: 'no-such-type' } })
  await expect('submitJobCheck', 204, { body: echoJob({ type_etag: type.etag }) })
  await expect('submitJobCheck', 412, { body: echoJob({ type_etag: 'old' }) })
  await expect('submitJobCheck', 400, { body: echoJob({ settings: {} }) })
  await expect('submitJob', 412, { body: echoJob({ type_etag: 'old' }) })
  await expect('submitJob', 400, { body: echoJob({ type: 'no-such-type' }) })
  await expect('submitJob', 400, { body: { ...echoJob(), priority: '50' } })
  await expect('submitJob', 400, { body: echoJob({ worker_tag: unknownId }) })
  await expect('submitJob', 400, { body: echoJob({ initial_status: 'completed' }) })
  await expect('fetchJobs', 200)
  const job = (await expect('submitJob', 200, { body: echoJob() })) as { id: string }
  const params = { job_id: job.id }
  const unknown = { params: { job_id: unknownId } }
  await expect('fetchJobs', 200)
  await expect('fetchJob', 200, { params })
  await expect('fetchJob', 404, unknown)
  await expect('fetchJob', 400, { params: { job_id: 'x' } })
  await expect('setJobPriority', 204, { params, body: { priority: 80 } })
  await expect('setJobPriority', 400, { params, body: { priority: 101 } })
  await expect('setJobPriority', 404, { ...unknown, body: { priority: 1 } })
  await expect('setJobTag', 204, { params, body: {} })
  await expect('setJobTag', 406, { params, body: { name: 'no such tag' } })
  await expect('setJobTag', 404, { ...unknown, body: {} })
  await expect('fetchJobTasks', 200, { params })
  await expect('fetchJobTasks', 200, unknown)
  await expect('fetchJobBlocklist', 200, { params })
  const exclude = [{ worker_id: worker.uuid, task_type: 'misc' }]
  await expect('farmExcludeWorkers', 204, { params, body: exclude })
  await expect('farmExcludeWorkers', 400, { params, body: [] })
  await expect('farmExcludeWorkers', 404, { ...unknown, body: exclude })
  await expect('removeJobBlocklist', 400, { params, body: [] })
  const entry = { worker_id: unknownId, task_type: 'misc' }
  await expect('removeJobBlocklist', 404, { params: { job_id: unknownId }, body: [entry] })
  await expect('removeJobBlocklist', 204, {
    params,
    body: [{ worker_id: worker.uuid, task_type: 'misc' }],
  })
  const pause = { status: 'pause-requested', reason: 'test' }
  await expect('setJobStatus', 204, { params, body: pause })
  await expect('setJobStatus', 404, { ...unknown, body: pause })
  await expect('setJobStatus', 400, { params, body: { status: 'nonsense', reason: '' } })
  await expect('setJobStatus', 422, { params, body: { status: 'completed', reason: '' } })
  await expect('deleteJobWhatWouldItDo', 200, { params })
  await expect('deleteJobWhatWouldItDo', 404, unknown)
  await expect('deleteJobMass', 400, { body: {} })
  await expect('deleteJobMass', 416, { body: { last_updated_max: '2001-01-01T00:00:00Z' } })
  await expect('farmArchiveJob', 422, { params })
  const cancel = { status: 'cancel-requested', reason: 'test' }
  await expect('setJobStatus', 204, { params, body: cancel })
  await expect('farmArchiveJob', 204, { params })
  await expect('farmArchiveJob', 404, unknown)
  await expect('deleteJob', 204, { params })
  await expect('deleteJob', 404, unknown)
  await until(async () => (await expectGone(expect, params)) === true)
  await expect('submitJob', 200, { body: echoJob() })
  await expect('deleteJobMass', 204, { body: { last_updated_max: '2100-01-01T00:00:00Z' } })
})

async function expectGone(expect: Setting['expect'], params: { job_id: string }): Promise<boolean> {
  return expect('fetchJob', 404, { params }).then(
    () => true,
    () => false,
  )
}

test('task and log operations answer as documented', async (t) => {
  const { expect, manager } = await openSetting(t)
  const job = await submitEcho(manager)
  const { uuid } = (await expect('scheduleTask', 200)) as { uuid: string }
  const params = { task_id: uuid }
  const unknown = { params: { task_id: unknownId } }
  await expect('fetchTask', 200, { params })
  await expect('fetchTask', 404, unknown)
  await expect('fetchTask', 400, { params: { task_id: 'x' } })
  const { tasks } = await manager.client.fetchJobTasks({ params: { job_id: job.id } })
  const untouched = { params: { task_id: tasks!.at(-1)!.id } }
  await expect('fetchTaskLogTail', 204, untouched)
  await expect('fetchTaskLogInfo', 204, untouched)
  await expect('taskUpdate', 204, { params, body: { log: `${'x'.repeat(3000)}\nneedle here` } })
  const tail = await expect('fetchTaskLogTail', 200, { params })
  assert.equal(tail, 'needle here\n')
  await expect('fetchTaskLogTail', 404, unknown)
  const info = (await expect('fetchTaskLogInfo', 200, { params })) as { url: string; size: number }
  const whole = await (await fetch(`${manager.url}${info.url}`)).text()
  assert.equal(whole.length, info.size)
  await expect('fetchTaskLogInfo', 404, unknown)
  const range = await expect('farmTaskLog', 200, { params, query: `?tail=5` })
  assert.equal(range, 'here\n')
  const fromLine = await expect('farmTaskLog', 200, { params, query: '?line=3&limit=6' })
  assert.equal(fromLine, 'needle')
  const found = (await expect('farmTaskLogSearch', 200, { params, query: '?q=NEEDLE' })) as {
    matches: { text: string }[]
  }
  assert.deepEqual(
    found.matches.map(({ text }) => text),
    ['needle here'],
  )
  await expect('farmTaskLogSearch', 400, { params })
  await expect('farmTaskLogSearch', 404, { ...unknown, query: '?q=needle' })
  await expect('farmTaskLog', 404, unknown)
  await expect('setTaskStatus', 204, { params, body: { status: 'canceled', reason: 'test' } })
  await expect('setTaskStatus', 422, { params, body: { status: 'active', reason: 'test' } })
  await expect('setTaskStatus', 404, { ...unknown, body: { status: 'queued', reason: '' } })
  await expect('setTaskStatus', 400, { params, body: { status: 'nonsense', reason: '' } })
})
