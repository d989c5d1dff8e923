import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JobStatus } from '@shaman-farm/manager-api'
import fc from 'fast-check'
import { orderJobStatus } from '../../src/jobs/job-orders.ts'
import { giveUpSilentTasks, giveUpSilentWorkers } from '../../src/scheduler/timeouts.ts'
import { orderTaskStatus } from '../../src/tasks/task-orders.ts'
import { removeWorker } from '../../src/workers/worker-mgt.ts'
import { heardFrom, signOff, signOn, stateChanged } from '../../src/workers/worker-session.ts'
import type { WorkerRecord } from '../../src/workers/workers-store.ts'
import { addJob, addWorker, openTestFarm, report, type TestFarm, take } from '../test-farm.ts'

const workers = 4
const finished: readonly JobStatus[] = ['completed', 'canceled', 'failed', 'paused']

type Step =
  | { do: 'submit'; shape: number; priority: number }
  | { do: 'take' | 'complete' | 'fail' | 'log' | 'sign-off' | 'sleep' | 'wake'; worker: number }
  | { do: 'remove'; worker: number }
  | { do: 'order-job'; job: number; status: JobStatus }
  | { do: 'order-task'; task: number; status: 'queued' | 'canceled' | 'completed' | 'failed' }
  | { do: 'time'; ms: number }

const worker = fc.nat(workers - 1)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('submit' as const),
      shape: fc.nat(3),
      priority: fc.nat(100),
    }),
  },
  {
    weight: 14,
    arbitrary: fc.record({
      do: fc.constantFrom('take' as const, 'complete', 'complete', 'fail', 'log'),
      worker,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('sign-off' as const, 'sleep', 'wake', 'wake'),
      worker,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('order-job' as const),
      job: fc.nat(20),
      status: fc.constantFrom(
        'cancel-requested' as const,
        'pause-requested',
        'requeueing',
        'failed',
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('order-task' as const),
      task: fc.nat(60),
      status: fc.constantFrom('queued' as const, 'canceled', 'completed', 'failed'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('time' as const),
      ms: fc.constantFrom(5_000, 70_000, 700_000),
    }),
  },
)

test('whatever happens, the farm keeps its books, loses no task and every job comes to an end', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
      const farm = openTestFarm()
      try {
        await walk(farm, steps)
      } finally {
        farm.close()
      }
    }),
    { numRuns: Number(process.env.FARM_WALKS ?? 60) },
  )
})

async function walk(farm: TestFarm, steps: readonly Step[]): Promise<void> {
  const crew = Array.from({ length: workers }, (_, i) =>
    addWorker(farm, { name: `w${i}`, types: i === 0 ? ['misc'] : ['misc', 'blender'] }),
  )
  for (const next of steps) {
    const before = statuses(farm)
    await perform(farm, crew, next)
    checkBooks(farm)
    if (next.do !== 'order-job' && next.do !== 'order-task') checkNoneCameBack(farm, before, next)
  }
  finishAll(farm)
}

async function perform(farm: TestFarm, crew: WorkerRecord[], next: Step): Promise<void> {
  switch (next.do) {
    case 'submit':
      await addJob(farm, shapes[next.shape]!, { priority: next.priority })
      return
    case 'take':
      return tryTake(farm, crew[next.worker]!)
    case 'complete':
    case 'fail':
      return tryReport(farm, crew[next.worker]!, next.do === 'fail' ? 'failed' : 'completed')
    case 'log':
      return void farm.transaction(() => heardFrom(farm, farm.workers.byId(crew[next.worker]!.id)))
    case 'sign-off':
      return signOff(farm, farm.workers.byId(crew[next.worker]!.id))
    case 'sleep':
      return stateChanged(farm, farm.workers.byId(crew[next.worker]!.id), 'asleep')
    case 'wake':
      return wake(farm, crew[next.worker]!)
    case 'remove':
      return removeWorker(farm, farm.workers.byId(crew[next.worker]!.id))
    case 'order-job': {
      const jobs = farm.jobs.all()
      const job = jobs[next.job % Math.max(1, jobs.length)]
      return job && refused(() => orderJobStatus(farm, job, next.status, 'asked for'))
    }
    case 'order-task': {
      const tasks = farm.jobs.all().flatMap((job) => farm.tasks.ofJob(job.id))
      const task = tasks[next.task % Math.max(1, tasks.length)]
      return (
        task &&
        refused(() => orderTaskStatus(farm, farm.tasks.byId(task.id), next.status, 'asked for'))
      )
    }
    case 'time':
      farm.clock.now += next.ms
      giveUpSilentTasks(farm)
      giveUpSilentWorkers(farm, [])
  }
}

const shapes = [
  [{ name: 'only' }],
  [{ name: 'a' }, { name: 'b' }, { name: 'c', after: ['a', 'b'], type: 'blender' }],
  Array.from({ length: 12 }, (_, i) => ({ name: `t${i}`, priority: 50 + (i % 3) })),
  [
    { name: 'one', type: 'blender' },
    { name: 'two', after: ['one'] },
    { name: 'three', after: ['two'], type: 'blender' },
  ],
]

function tryTake(farm: TestFarm, worker: WorkerRecord): void {
  const now = farm.transaction(() => heardFrom(farm, farm.workers.byId(worker.id)))
  if (now.status !== 'awake') return
  const holds = farm.tasks.activeOfWorker(worker.id)[0]
  const expected = holds?.id ?? expectedTask(farm, worker)
  assert.equal(take(farm, worker)?.id, expected, 'the scheduler takes what the rules say')
}

/** The scheduler's rules once more, as one plain query that looks at everything. */
function expectedTask(farm: TestFarm, worker: WorkerRecord): number | undefined {
  return farm.db
    .prepare<{ worker: number }, { id: number }>(
      `SELECT t.id FROM tasks t JOIN jobs j ON j.id = t.job_id
        WHERE j.status IN ('active', 'queued') AND t.status IN ('queued', 'soft-failed')
          AND NOT EXISTS (SELECT 1 FROM task_dependencies d JOIN tasks p ON p.id = d.dependency_id
                           WHERE d.task_id = t.id AND p.status <> 'completed')
          AND t.type IN (SELECT value FROM workers w, json_each(w.task_types) WHERE w.id = @worker)
          AND NOT EXISTS (SELECT 1 FROM task_failures f WHERE f.task_id = t.id AND f.worker_id = @worker)
          AND NOT EXISTS (SELECT 1 FROM job_blocks b
                           WHERE b.job_id = j.id AND b.worker_id = @worker AND b.task_type = t.type)
        ORDER BY j.priority DESC, j.id, t.priority DESC, t.index_in_job LIMIT 1`,
    )
    .get({ worker: worker.id })?.id
}

function tryReport(farm: TestFarm, worker: WorkerRecord, status: 'completed' | 'failed'): void {
  const held = farm.db
    .prepare<[number], { id: number }>(
      'SELECT id FROM tasks WHERE worker_id = ? ORDER BY last_touched_at DESC, id DESC LIMIT 1',
    )
    .get(worker.id)
  if (held) refused(() => report(farm, worker, farm.tasks.byId(held.id), status))
}

function wake(farm: TestFarm, worker: WorkerRecord): void {
  const record = farm.workers.byId(worker.id)
  const types = JSON.parse(record.task_types) as string[]
  const request = { name: record.name, supported_task_types: types, software_version: '1' }
  if (record.status === 'offline') signOn(farm, record, request, '127.0.0.1')
  stateChanged(farm, farm.workers.byId(worker.id), 'awake')
}

/** Requests may be refused, but only in words. */
function refused(work: () => void): void {
  try {
    work()
  } catch (error) {
    assert.equal((error as Error).name, 'FarmError')
  }
}

function statuses(farm: TestFarm): Map<number, JobStatus> {
  return new Map(farm.jobs.all().map((job) => [job.id, job.status]))
}

function checkNoneCameBack(farm: TestFarm, before: Map<number, JobStatus>, next: Step): void {
  for (const [id, status] of before) {
    if (!finished.includes(status)) continue
    assert.equal(farm.jobs.byId(id).status, status, `a finished job came back after ${next.do}`)
  }
}

function checkBooks(farm: TestFarm): void {
  for (const job of farm.jobs.all()) {
    const tasks = farm.tasks.ofJob(job.id)
    const count = (status: string) => tasks.filter((task) => task.status === status).length
    assert.deepEqual(
      [
        job.n_active,
        job.n_canceled,
        job.n_completed,
        job.n_failed,
        job.n_queued,
        job.n_soft_failed,
        job.n_paused,
      ],
      ['active', 'canceled', 'completed', 'failed', 'queued', 'soft-failed', 'paused'].map(count),
      'the counts add up',
    )
    const steps = tasks.reduce((sum, task) => sum + task.steps_completed, 0)
    assert.equal(job.steps_completed, steps, 'the steps add up')
    if (finished.includes(job.status)) assert.equal(job.n_active, 0, `${job.status}, yet active`)
    if (job.status === 'completed') assert.equal(job.n_completed, tasks.length)
    assert.ok(!['requeueing', 'cancel-requested', 'under-construction'].includes(job.status))
    if (job.status === 'pause-requested') assert.ok(job.n_active > 0)
  }
  assert.deepEqual(rows(farm, wrongWaits), [], 'tasks wait for what is not completed')
  assert.deepEqual(rows(farm, sharedWorkers), [], 'a worker has one task at most')
  assert.deepEqual(rows(farm, idleOwners), [], 'active tasks are with workers that are there')
  assert.deepEqual(
    rows(farm, wrongAttempts),
    [],
    'an active task has one open attempt, others none',
  )
}

const wrongWaits = `SELECT t.name FROM tasks t WHERE t.waits_for <>
  (SELECT count(*) FROM task_dependencies d JOIN tasks p ON p.id = d.dependency_id
    WHERE d.task_id = t.id AND p.status <> 'completed')`
const sharedWorkers = `SELECT worker_id FROM tasks WHERE status = 'active' GROUP BY worker_id HAVING count(*) > 1`
const idleOwners = `SELECT t.name, w.status FROM tasks t LEFT JOIN workers w ON w.id = t.worker_id
  WHERE t.status = 'active' AND (w.id IS NULL OR w.status NOT IN ('awake', 'starting'))`
const wrongAttempts = `SELECT t.name, t.status FROM tasks t WHERE (t.status = 'active') <>
  (SELECT count(*) FROM attempts a WHERE a.task_id = t.id AND a.ended_at IS NULL)`

function rows(farm: TestFarm, sql: string): unknown[] {
  return farm.db.prepare(sql).all()
}

/** With workers that can do everything, everything that may run does, and every job comes to rest. */
function finishAll(farm: TestFarm): void {
  const helpers = Array.from({ length: 4 }, (_, i) =>
    addWorker(farm, { name: `helper${i}`, types: ['misc', 'blender'] }),
  )
  farm.clock.now += 700_000
  for (const helper of helpers) heardFrom(farm, farm.workers.byId(helper.id))
  giveUpSilentWorkers(farm, [])
  for (let round = 0; round < 500; round += 1) {
    const taken = helpers.flatMap((helper) => {
      const task = take(farm, helper)
      return task ? [{ helper, task }] : []
    })
    for (const { helper, task } of taken) report(farm, helper, task, 'completed')
    checkBooks(farm)
    if (taken.length === 0) break
  }
  for (const job of farm.jobs.all()) {
    assert.ok(finished.includes(job.status), `a job is left ${job.status}: ${JSON.stringify(job)}`)
  }
}
