import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../http/contract/setting.ts'
import { openManager, signOnWorker, submitEcho } from '../running-manager.ts'

const patient = { headers: { 'x-farm-wait': '30' }, timeoutMs: 40_000 }

test('a worker that waits gets a task the moment there is one', async (t) => {
  const manager = await openManager(t)
  const worker = await signOnWorker(manager)
  const waiting = worker.client.scheduleTask(patient)
  await sleep(50)
  await submitEcho(manager)
  assert.equal((await waiting)?.name, 'echo')
})

test('several waiting workers never get the same task', async (t) => {
  const manager = await openManager(t)
  const crew = await Promise.all(
    ['a', 'b', 'c', 'd'].map((name) => signOnWorker(manager, { name })),
  )
  const given: string[] = []
  const waiting = crew.map(async ({ client }) => {
    const task = await client.scheduleTask({ headers: { 'x-farm-wait': '60' }, timeoutMs: 90_000 })
    if (task) given.push(task.uuid)
  })
  await submitEcho(manager, { name: 'one' })
  await submitEcho(manager, { name: 'two' })
  // Compiling the first job of a manager takes a busy machine longer than a short wait would last.
  await until(async () => given.length === 2)
  // The others would get one of the two now, if they could; then they are let go.
  await sleep(50)
  await manager.stop()
  await Promise.all(waiting)
  assert.equal(given.length, 2)
  assert.equal(new Set(given).size, 2)
})

test('without the header an idle worker is answered at once', async (t) => {
  const manager = await openManager(t)
  const worker = await signOnWorker(manager)
  assert.equal(await worker.client.scheduleTask({ timeoutMs: 5_000 }), undefined)
})

test('a waiting worker hears at once that it is to change its status', async (t) => {
  const manager = await openManager(t)
  const worker = await signOnWorker(manager)
  const waiting = worker.client.request('scheduleTask', patient)
  await sleep(50)
  await manager.client.requestWorkerStatusChange({
    params: { worker_id: worker.uuid },
    body: { status: 'asleep', is_lazy: true },
  })
  assert.equal((await waiting).status, 423)
})

test('a worker that watches its task hears of a cancellation at once', async (t) => {
  const manager = await openManager(t)
  const job = await submitEcho(manager)
  const worker = await signOnWorker(manager)
  const task = await worker.client.scheduleTask()
  const watching = worker.client.mayWorkerRun({ params: { task_id: task!.uuid }, ...patient })
  await sleep(50)
  await manager.client.setJobStatus({
    params: { job_id: job.id },
    body: { status: 'cancel-requested', reason: 'test' },
  })
  const { mayKeepRunning, reason } = await watching
  assert.equal(mayKeepRunning, false)
  assert.match(reason, /canceled/)
})

test('a worker that goes away while it waits is not given a task', async (t) => {
  const manager = await openManager(t)
  const worker = await signOnWorker(manager)
  const controller = new AbortController()
  const waiting = worker.client.scheduleTask({ ...patient, signal: controller.signal })
  await sleep(50)
  controller.abort()
  await assert.rejects(waiting)
  await sleep(50)
  const job = await submitEcho(manager)
  const { tasks } = await manager.client.farmJobTasks({ params: { job_id: job.id } })
  assert.deepEqual(
    tasks.map(({ status }) => status),
    ['queued', 'queued', 'queued'],
  )
})

test('stopping the manager answers those who wait', async (t) => {
  const manager = await openManager(t)
  const worker = await signOnWorker(manager)
  const waiting = worker.client.scheduleTask(patient)
  await sleep(50)
  await manager.stop()
  assert.equal(await waiting, undefined)
})
