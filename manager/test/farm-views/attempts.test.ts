import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openManager, signOnWorker, submitEcho } from '../running-manager.ts'

test('each run of a task is kept: by whom, when, how it ended and why, and the frames with their times', async (t) => {
  let now = Date.UTC(2026, 0, 5, 12)
  const manager = await openManager(t, { now: () => now })
  const { client } = manager
  const job = await submitEcho(manager)
  const crew = [
    await signOnWorker(manager, { name: 'one' }),
    await signOnWorker(manager, { name: 'two' }),
  ]
  const task = (await crew[0]!.client.scheduleTask())!
  const params = { task_id: task.uuid }
  const frames = [{ frame: 7, status: 'completed' as const, duration_ms: 1_500, file: '/r/7.png' }]
  now += 60_000
  await crew[0]!.client.taskUpdate({
    params,
    body: {
      taskStatus: 'failed',
      frames,
      failure: { reason: 'out-of-memory', excerpt: 'Malloc returns null' },
    },
  })
  now += 60_000
  assert.equal((await crew[1]!.client.scheduleTask())!.uuid, task.uuid)
  now += 60_000
  await crew[1]!.client.taskUpdate({ params, body: { taskStatus: 'completed' } })

  const { attempts } = await client.farmTaskAttempts({ params })
  const told = attempts.map(({ worker, started, ended, outcome, reason, excerpt }) =>
    [worker?.name, started.slice(11, 19), ended?.slice(11, 19), outcome, reason, excerpt].join(' '),
  )
  assert.deepEqual(told.toSorted(), [
    'one 12:00:00 12:01:00 failed out-of-memory Malloc returns null',
    'two 12:02:00 12:03:00 completed  ',
  ])
  assert.deepEqual(attempts.find(({ outcome }) => outcome === 'failed')!.frames, frames)
  assert.equal((await client.farmJobAttempts({ params: { job_id: job.id } })).attempts.length, 2)

  const timeline = async (query: { from?: string; to?: string }) =>
    (await client.farmWorkerAttempts({ params: { worker_id: crew[1]!.uuid }, query })).attempts.map(
      ({ task_name, job_id }) => [task_name, job_id === job.id],
    )
  assert.deepEqual(await timeline({}), [['echo', true]])
  assert.deepEqual(await timeline({ to: '2026-01-05T12:01:30Z' }), [], 'before')
  assert.deepEqual(
    await timeline({ from: '2026-01-05T12:02:30Z' }),
    [['echo', true]],
    'reaches into it',
  )
  assert.deepEqual(await timeline({ from: '2026-01-05T12:04:00Z', to: '2026-01-05T13:00:00Z' }), [])
})
