import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type JobStatus,
  jobStatuses,
  type TaskStatus,
  taskStatuses,
} from '@shaman-farm/manager-api'
import {
  canRequest,
  consequenceOf,
  jobAfterOrder,
  jobAfterTask,
  requestedStatus,
  type TaskTally,
} from '../../src/jobs/job-rules.ts'

const policy = { failedPercent: 10 }

function tally(counts: Partial<Record<TaskStatus, number>>): TaskTally {
  const none = Object.fromEntries(taskStatuses.map((status) => [status, 0])) as TaskTally
  return { ...none, ...counts }
}

function after(
  to: TaskStatus,
  status: JobStatus,
  counts: Partial<Record<TaskStatus, number>>,
  hasReadyTask = true,
): JobStatus | undefined {
  return jobAfterTask(
    to,
    { status, tally: tally(counts), hasReadyTask: () => hasReadyTask },
    policy,
  )
}

test('no change of a task moves a job that is finished or on its way there', () => {
  const still = jobStatuses.filter(
    (status) => !['active', 'queued', 'pause-requested'].includes(status),
  )
  for (const status of still) {
    for (const to of taskStatuses) {
      for (const counts of [{ completed: 3 }, { failed: 3 }, { canceled: 3 }, { queued: 3 }]) {
        assert.equal(after(to, status, counts), undefined, `${status} after a task ${to}`)
      }
    }
  }
})

test('the first task that starts makes a queued job active', () => {
  assert.equal(after('active', 'queued', { active: 1, queued: 2 }), 'active')
  assert.equal(after('active', 'active', { active: 1, queued: 2 }), undefined)
})

test('a job is completed with its last task, and not before', () => {
  assert.equal(after('completed', 'active', { completed: 2, queued: 1 }), undefined)
  assert.equal(after('completed', 'active', { completed: 3 }), 'completed')
  assert.equal(after('completed', 'pause-requested', { completed: 3 }), 'completed')
})

test('a job fails when a tenth of its tasks have failed, rounded down', () => {
  assert.equal(after('failed', 'active', { failed: 1, queued: 9 }), 'failed')
  assert.equal(after('failed', 'active', { failed: 1, queued: 10 }), undefined)
  assert.equal(after('failed', 'active', { failed: 9, queued: 91 }), undefined)
  assert.equal(after('failed', 'active', { failed: 10, queued: 90 }), 'failed')
})

test('a job whose remaining tasks wait for a failed one fails instead of standing there for ever', () => {
  const counts = { failed: 1, completed: 98, queued: 1 }
  assert.equal(after('failed', 'active', counts, false), 'failed')
  assert.equal(after('failed', 'active', counts, true), undefined)
  assert.equal(after('completed', 'active', counts, false), 'failed')
  assert.equal(after('completed', 'active', { ...counts, active: 1 }, false), undefined)
})

test('a job that is being paused is paused when its last active task ends', () => {
  for (const to of ['completed', 'failed', 'paused', 'queued', 'soft-failed'] as const) {
    const counts = { paused: 30, active: 0, completed: 1, failed: 0 }
    assert.equal(after(to, 'pause-requested', counts), 'paused', to)
    assert.equal(after(to, 'pause-requested', { ...counts, active: 1 }), undefined, to)
  }
})

test('a job is canceled with the last task that could have run', () => {
  assert.equal(after('canceled', 'active', { canceled: 1, completed: 2 }), 'canceled')
  assert.equal(after('canceled', 'active', { canceled: 1, queued: 2 }), undefined)
})

test('each status of a job has its consequences for the tasks', () => {
  const some = tally({ active: 1, queued: 2, completed: 3 })
  const table = Object.fromEntries(jobStatuses.map((to) => [to, consequenceOf(to, 'active', some)]))
  const unfinished = ['active', 'queued', 'soft-failed', 'paused']
  assert.deepEqual(table, {
    active: {},
    canceled: {},
    completed: {},
    paused: {},
    'under-construction': {},
    queued: { next: 'active' },
    failed: { tasks: { from: unfinished, to: 'canceled' } },
    'cancel-requested': { tasks: { from: unfinished, to: 'canceled' }, next: 'canceled' },
    'pause-requested': { tasks: { from: ['queued', 'soft-failed'], to: 'paused' } },
    requeueing: {
      tasks: { from: ['canceled', 'failed', 'paused', 'soft-failed'], to: 'queued' },
      next: 'queued',
    },
  })
})

test('requeueing a completed job does all of it again', () => {
  const { tasks } = consequenceOf('requeueing', 'completed', tally({ completed: 3 }))
  assert.ok(tasks?.from.includes('completed'))
})

test('requeueing one task of a finished job brings the job back for that task alone', () => {
  for (const status of ['completed', 'canceled', 'failed'] as const) {
    assert.equal(jobAfterOrder('queued', { status, tally: tally({ queued: 1 }) }), 'queued')
  }
  assert.equal(
    jobAfterOrder('queued', { status: 'paused', tally: tally({ paused: 1 }) }),
    undefined,
  )
})

test('the settled form of a wish means the same as the asking form', () => {
  assert.equal(requestedStatus('canceled'), 'cancel-requested')
  assert.equal(requestedStatus('paused'), 'pause-requested')
  assert.equal(requestedStatus('queued'), 'requeueing')
  assert.equal(requestedStatus('completed'), undefined)
})

test('a completed job can be requeued but neither canceled nor paused', () => {
  assert.equal(canRequest('requeueing', 'completed'), true)
  assert.equal(canRequest('cancel-requested', 'completed'), false)
  assert.equal(canRequest('pause-requested', 'completed'), false)
})
