import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { test } from 'node:test'
import type { TaskUpdate } from '@shaman-farm/manager-api'
import { applyUpdate } from '../../src/tasks/task-updates.ts'
import { addJob, addWorker, jobNow, openTestFarm, report, take, taskNamed } from '../test-farm.ts'

test('a log that reaches its limit says that it ends there, and the task goes on', async (t) => {
  const farm = openTestFarm(t)
  farm.config.replace({ ...farm.config.stored(), task_log_limit_mib: 1 })
  const job = await addJob(farm, [{ name: 'a' }])
  const worker = addWorker(farm)
  const task = take(farm, worker)!
  const update = (changes: TaskUpdate) =>
    farm.transaction(() => applyUpdate(farm, worker.id, task.uuid, changes, undefined))
  for (let i = 0; i < 5; i += 1) update({ log: 'ä'.repeat(150_000), activity: `part ${i}` })
  report(farm, worker, task, 'completed')

  const { log_size, activity } = taskNamed(farm, job, 'a')
  assert.equal(activity, 'part 4')
  assert.equal(jobNow(farm, job).status, 'completed')
  assert.equal(statSync(farm.logs.taskPath(job.uuid, task.uuid)).size, log_size)
  const text = (await farm.logs.read(job.uuid, task.uuid, 0, log_size)).toString()
  assert.equal(text.split('the log ends here: it has 1 MiB, as task_log_limit_mib says').length, 2)
  assert.match(text, /task_log_limit_mib says\n$/)
  assert.ok(log_size < 1.001 * 2 ** 20, `${log_size} bytes`)
})
