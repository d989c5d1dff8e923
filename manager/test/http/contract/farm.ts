import assert from 'node:assert/strict'
import { test } from 'node:test'
import { submitEcho } from '../../running-manager.ts'
import { answersSeen, openSetting, unknownId } from './setting.ts'

test('our own operations answer as documented', async (t) => {
  const { expect, manager, worker } = await openSetting(t)
  const job = await submitEcho(manager)
  const params = { job_id: job.id }
  const unknown = { params: { job_id: unknownId } }
  await expect('farmSubmissionDefaults', 200, { query: '?platform=linux' })
  await expect('farmJobs', 200, { query: '?status=queued,active&q=ech&sort=-priority&limit=5' })
  await expect('farmJobs', 400, { query: '?status=nonsense' })
  await expect('farmJobFilters', 200)
  await expect('farmJobs', 400, { query: '?limit=0' })
  await expect('farmJob', 200, { params })
  await expect('farmJob', 404, unknown)
  await expect('farmJobTasks', 200, { params, query: '?status=queued&limit=2' })
  await expect('farmJobTasks', 404, unknown)
  await expect('farmJobFrames', 200, { params })
  await expect('farmJobFrames', 404, unknown)
  await expect('farmJobWhy', 200, { params })
  await expect('farmJobWhy', 404, unknown)
  await expect('farmJobOutputs', 200, { params })
  await expect('farmJobOutputs', 404, unknown)
  await expect('farmJobAttempts', 200, { params })
  await expect('farmJobAttempts', 404, unknown)
  await expect('farmWorkers', 200, { query: '?status=awake' })
  await expect('farmWorkers', 400, { query: '?status=nonsense' })
  await expect('farmWorkerAttempts', 200, { params: { worker_id: worker.uuid } })
  await expect('farmWorkerAttempts', 404, { params: { worker_id: unknownId } })
  await expect('farmAttention', 200)
  await expect('farmAcknowledgeAttention', 404, { params: { item_id: 'none' } })
  await expect('farmHealth', 200)
  await expect('farmThroughput', 200)
  await expect('farmNotifications', 200)
  await expect('farmNotifications', 400, { query: '?limit=0' })
  const { uuid } = (await expect('scheduleTask', 200)) as { uuid: string }
  await expect('farmTaskAttempts', 200, { params: { task_id: uuid } })
  await expect('farmTaskAttempts', 404, { params: { task_id: unknownId } })
  await expect('taskUpdate', 204, { params: { task_id: uuid }, body: { taskStatus: 'failed' } })
  const { items } = await manager.client.farmAttention()
  await expect('farmAcknowledgeAttention', 204, { params: { item_id: items[0]!.id } })
})

test('the stream of events answers as documented', async (t) => {
  const { manager } = await openSetting(t)
  const response = await fetch(manager.client.eventsUrl(['jobs']), {
    signal: AbortSignal.timeout(180_000),
  })
  assert.equal(response.headers.get('content-type'), 'text/event-stream')
  await response.body!.cancel()
  answersSeen.add(`farmEvents ${response.status}`)
})
