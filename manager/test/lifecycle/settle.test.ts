import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JobStatus } from '@shaman-farm/manager-api'
import { settleJob } from '../../src/lifecycle/job-status.ts'
import { addJob, addWorker, openTestFarm, take } from '../test-farm.ts'

// What a stop between the order and what follows from it leaves behind; the first task is with a worker.
const halfway: readonly { status: JobStatus; settled: JobStatus; tasks: string[] }[] = [
  { status: 'cancel-requested', settled: 'canceled', tasks: ['canceled', 'canceled'] },
  { status: 'pause-requested', settled: 'pause-requested', tasks: ['active', 'paused'] },
  { status: 'requeueing', settled: 'active', tasks: ['active', 'queued'] },
]

for (const { status, settled, tasks } of halfway) {
  test(`a job found ${status} at a start is carried on to ${settled}, and its counts add up`, async (t) => {
    const farm = openTestFarm(t)
    const job = await addJob(farm, [{ name: 'a' }, { name: 'b' }])
    take(farm, addWorker(farm))
    farm.jobs.setStatus(job.id, status, 'asked for', farm.now())
    farm.transaction(() => settleJob(farm, farm.jobs.byId(job.id)))
    const after = farm.jobs.byId(job.id)
    assert.equal(after.status, settled)
    assert.deepEqual(
      farm.tasks.ofJob(job.id).map((task) => task.status),
      tasks,
    )
    farm.jobs.recount(job.id)
    assert.deepEqual(farm.jobs.byId(job.id), after)
  })
}
