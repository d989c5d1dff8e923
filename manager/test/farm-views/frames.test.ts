import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jobFrames } from '../../src/farm-views/frames.ts'
import type { JobRecord } from '../../src/jobs/jobs-store.ts'
import { applyUpdate } from '../../src/tasks/task-updates.ts'
import { addJob, addWorker, openTestFarm, report, type TestFarm, take } from '../test-farm.ts'

function runs(farm: TestFarm, job: { uuid: string }): string[] {
  const record: JobRecord = farm.jobs.byUuid(job.uuid)!
  return jobFrames(farm, record).runs.map(
    ({ from, count, step, status }) => `${from}+${count}/${step} ${status}`,
  )
}

test('frames follow their task, and what the worker reports of each', async (t) => {
  const farm = openTestFarm(t)
  const job = await addJob(farm, [
    { name: 'a', frames: '1-4' },
    { name: 'b', frames: '5,7,9' },
    { name: 'c', frames: '20', after: ['a'] },
    { name: 'video' },
  ])
  const worker = addWorker(farm)
  assert.deepEqual(runs(farm, job), ['1+4/1 queued', '5+3/2 queued', '20+1/1 waiting'])
  const task = take(farm, worker)!
  const frames = [
    { frame: 1, status: 'skipped' as const },
    { frame: 2, status: 'completed' as const, duration_ms: 900, file: '/r/0002.png' },
  ]
  farm.transaction(() => applyUpdate(farm, worker.id, task.uuid, { frames }, undefined))
  assert.deepEqual(runs(farm, job).slice(0, 3), [
    '1+1/1 skipped',
    '2+1/1 completed',
    '3+2/1 active',
  ])
  report(farm, worker, task, 'completed')
  const { total, completed } = jobFrames(farm, farm.jobs.byUuid(job.uuid)!)
  assert.deepEqual({ total, completed }, { total: 8, completed: 4 })
  assert.equal(runs(farm, job).at(-1), '20+1/1 queued')
})
