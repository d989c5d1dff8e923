import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pino } from 'pino'
import sharp from 'sharp'
import { startWorker, type Worker, type WorkerOptions } from '../src/main.ts'
import { command, makeTask, type StandIn, startStandIn } from './manager-stand-in.ts'
import { tempDir } from './temp.ts'

const log = pino({ level: process.env.FARM_TEST_LOG ?? 'silent' })
const quick = {
  waitSeconds: 5,
  idleMs: 20,
  asleepMs: 20,
  mayIRunMs: 20,
  retryMinMs: 5,
  retryMaxMs: 20,
}

async function workerFor(
  t: TestContext,
  manager: StandIn,
  options: Partial<WorkerOptions> = {},
): Promise<Worker> {
  const worker = await startWorker({
    managerUrl: manager.url,
    home: await tempDir(t),
    name: 'test worker',
    taskTypes: ['misc', 'blender'],
    log,
    timing: quick,
    ...options,
  })
  t.after(() => worker.stop())
  return worker
}

const isOver = (manager: StandIn, taskId: string) => (): boolean =>
  ['completed', 'failed'].includes(manager.statusesOf(taskId).at(-1) ?? '')

for (const holds of [true, false]) {
  const kind = holds ? 'our manager' : "Flamenco's manager"

  test(`with ${kind}, a worker registers, runs its tasks in order and signs off`, async (t) => {
    const manager = await startStandIn(t, { holds })
    const tasks = ['one', 'two'].map((message) => makeTask([command('echo', { message })]))
    manager.queue.push(...tasks)
    const worker = await workerFor(t, manager)
    await manager.until(isOver(manager, tasks[1]!.uuid))
    await worker.stop()
    assert.deepEqual(
      manager.registered.map(({ name }) => name),
      ['test worker'],
    )
    assert.deepEqual(manager.states, ['awake'])
    for (const { uuid } of tasks)
      assert.deepEqual(manager.statusesOf(uuid), ['active', 'completed'])
    assert.match(manager.log(tasks[0]!.uuid), /echo: "one"/)
    assert.deepEqual(
      manager.updates.findLast(({ taskId }) => taskId === tasks[1]!.uuid)?.body.steps_completed,
      1,
    )
    assert.equal(manager.signOffs, 1)
    assert.equal(await worker.ended, 'stopped')
  })

  test(`with ${kind}, a task that may not run any more is killed and not reported`, async (t) => {
    const manager = await startStandIn(t, { holds })
    const task = makeTask([command('exec', { exe: 'sleep', args: [600] })])
    const next = makeTask([command('echo', { message: 'next' })])
    manager.queue.push(task)
    await workerFor(t, manager)
    await manager.until(() => /started/.test(manager.log(task.uuid)))
    manager.forbidden.add(task.uuid)
    manager.queue.push(next)
    await manager.until(isOver(manager, next.uuid))
    assert.deepEqual(manager.statusesOf(task.uuid), ['active'])
  })

  test(`with ${kind}, a worker goes to sleep in mid-task, and wakes again`, async (t) => {
    const manager = await startStandIn(t, { holds })
    const task = makeTask([command('sleep', { duration_in_seconds: 600 })])
    manager.queue.push(task)
    await workerFor(t, manager)
    await manager.until(() => /slumbering/.test(manager.log(task.uuid)))
    manager.statusRequested = { status: 'asleep', lazy: false }
    await manager.until(() => manager.states.at(-1) === 'asleep')
    manager.statusRequested = { status: 'awake', lazy: false }
    await manager.until(() => manager.states.at(-1) === 'awake')
    const next = makeTask([command('echo', { message: 'up' })])
    manager.queue.push(next)
    await manager.until(isOver(manager, next.uuid))
  })

  test(`with ${kind}, a lazy request waits for the end of the task`, async (t) => {
    const manager = await startStandIn(t, { holds })
    const task = makeTask([command('exec', { exe: 'sleep', args: ['0.2'] })])
    manager.queue.push(task)
    const worker = await workerFor(t, manager)
    await manager.until(() => /started/.test(manager.log(task.uuid)))
    manager.statusRequested = { status: 'offline', lazy: true }
    assert.equal(await worker.ended, 'offline')
    assert.deepEqual(manager.statusesOf(task.uuid), ['active', 'completed'])
    assert.deepEqual(manager.states, ['awake', 'offline'])
  })
}

test('a worker that is told to go when it signs on goes', async (t) => {
  const manager = await startStandIn(t, { holds: false })
  manager.initialStatus = 'offline'
  const worker = await workerFor(t, manager)
  assert.equal(await worker.ended, 'offline')
  assert.deepEqual(manager.states, ['offline'])
  assert.equal(manager.signOffs, 1)
})

test('a worker asked to restart ends so', async (t) => {
  const manager = await startStandIn(t)
  const worker = await workerFor(t, manager)
  manager.statusRequested = { status: 'restart', lazy: true }
  assert.equal(await worker.ended, 'restart')
})

test('a worker that signs on again with its home is the same worker', async (t) => {
  const manager = await startStandIn(t)
  const home = await tempDir(t)
  const first = await workerFor(t, manager, { home })
  await first.stop()
  const second = await workerFor(t, manager, { home })
  assert.equal(second.uuid, first.uuid)
  assert.equal(manager.registered.length, 1)
})

test('a manager in trouble never gets a second worker of the same', async (t) => {
  const manager = await startStandIn(t)
  const home = await tempDir(t)
  await (await workerFor(t, manager, { home })).stop()
  let faults = 0
  manager.fault = (request) =>
    request.url.endsWith('sign-on') && faults++ < 6 ? [500, 503, 502][faults % 3] : undefined
  await workerFor(t, manager, { home })
  assert.equal(faults, 7)
  assert.equal(manager.registered.length, 1)
})

test('a worker the manager does not know any more registers anew', async (t) => {
  const manager = await startStandIn(t)
  const home = await tempDir(t)
  await (await workerFor(t, manager, { home })).stop()
  manager.forgetWorkers()
  await workerFor(t, manager, { home })
  assert.equal(manager.registered.length, 2)
})

test('a worker deleted while at work comes back by itself', async (t) => {
  const manager = await startStandIn(t)
  await workerFor(t, manager)
  await manager.until(() => manager.states.length === 1)
  manager.forgetWorkers()
  manager.statusRequested = { status: 'awake', lazy: true } // ends the question that hangs
  await manager.until(() => manager.registered.length === 2)
  const image = join(await tempDir(t), '0001.png')
  await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } }).toFile(image)
  const script = `echo "Saved: '${image}'"; echo "Time: 00:00.20"`
  const blender = { exe: 'sh', exeArgs: '', argsBefore: ['-c', script], blendfile: '', args: [] }
  const task = makeTask([command('blender-render', blender)])
  manager.queue.push(task)
  await manager.until(isOver(manager, task.uuid))
  await manager.until(() => manager.images.length === 1)
})

test('a worker taken for dead says that it is awake', async (t) => {
  const manager = await startStandIn(t)
  await workerFor(t, manager)
  await manager.until(() => manager.states.length === 1)
  manager.states.push('error')
  const task = makeTask([command('echo', { message: 'alive' })])
  manager.queue.push(task)
  await manager.until(isOver(manager, task.uuid))
  assert.deepEqual(manager.states, ['awake', 'error', 'awake'])
})

test('updates survive an outage in order, none lost and none twice', async (t) => {
  const manager = await startStandIn(t)
  const script =
    'for i in $(seq 1 200); do echo line $i end; [ $((i % 20)) = 0 ] && sleep 0.02; done'
  const task = makeTask([command('exec', { exe: 'sh', args: ['-c', script] })])
  let n = 0
  // Two of three updates get no answer or an error.
  manager.fault = (request) =>
    /worker\/task\/[^/]+$/.test(request.url) && n++ % 3 !== 0 ? 503 : undefined
  manager.queue.push(task)
  await workerFor(t, manager)
  await manager.until(isOver(manager, task.uuid))
  const lines = [...manager.log(task.uuid).matchAll(/line (\d+) end/g)].map((match) =>
    Number(match[1]),
  )
  assert.deepEqual(
    lines,
    Array.from({ length: 200 }, (_, i) => i + 1),
  )
})

test('a worker stopped during an outage delivers at its next start, which may be for that alone', async (t) => {
  const manager = await startStandIn(t)
  const home = await tempDir(t)
  const task = makeTask([command('echo', { message: 'kept' })])
  let isDown = false
  manager.fault = (request) => {
    if (request.url.endsWith('/worker/task')) isDown = manager.queue.length > 0 || isDown
    return isDown && /worker\/task\/[^/]+$/.test(request.url) ? 503 : undefined
  }
  manager.queue.push(task)
  const first = await workerFor(t, manager, { home, timing: { ...quick, flushOnStopMs: 50 } })
  await manager.until(() => manager.requests.filter((line) => line.includes(task.uuid)).length > 3)
  await first.stop()
  assert.deepEqual(manager.statusesOf(task.uuid), [])
  manager.fault = () => undefined
  const next = makeTask([command('echo', { message: 'not now' })])
  manager.queue.push(next)
  const second = await workerFor(t, manager, { home, flush: true })
  assert.equal(await second.ended, 'idle')
  assert.deepEqual(manager.statusesOf(task.uuid), ['active', 'completed'])
  assert.deepEqual(manager.statusesOf(next.uuid), [])
})

test('a task the manager gave to somebody else is dropped', async (t) => {
  const manager = await startStandIn(t)
  const task = makeTask([command('exec', { exe: 'sleep', args: [600] })])
  const next = makeTask([command('echo', { message: 'next' })])
  manager.fault = (request) => (request.url.endsWith(task.uuid) ? 409 : undefined)
  manager.queue.push(task)
  await workerFor(t, manager)
  await manager.until(() => manager.requests.some((line) => line.endsWith(task.uuid)))
  manager.forbidden.add(task.uuid)
  manager.queue.push(next)
  await manager.until(isOver(manager, next.uuid))
  assert.deepEqual(manager.statusesOf(task.uuid), [])
})

test('an unknown command fails the task and says so', async (t) => {
  const manager = await startStandIn(t)
  const task = makeTask([command('brew-coffee', {})])
  manager.queue.push(task)
  await workerFor(t, manager)
  await manager.until(isOver(manager, task.uuid))
  const { body } = manager.updates.at(-1)!
  assert.equal(body.taskStatus, 'failed')
  assert.match(body.activity ?? '', /does not know the command "brew-coffee"/)
  assert.equal(body.failure?.reason, 'other')
})

test('two workers cannot share a home', async (t) => {
  const manager = await startStandIn(t)
  const home = await tempDir(t)
  await workerFor(t, manager, { home })
  await assert.rejects(workerFor(t, manager, { home }), { code: 'HOME_IN_USE' })
  assert.equal(manager.signOns, 1)
})

test('a worker told to end when idle does', async (t) => {
  const manager = await startStandIn(t)
  const task = makeTask([command('echo', { message: 'only' })])
  manager.queue.push(task)
  const worker = await workerFor(t, manager, { once: true })
  assert.equal(await worker.ended, 'idle')
  assert.deepEqual(manager.statusesOf(task.uuid), ['active', 'completed'])
})

test('a worker asked to stop after its task finishes it and takes no other', async (t) => {
  const manager = await startStandIn(t)
  // Longer than lines of the log gather before they are told.
  const tasks = [1, 2].map(() => makeTask([command('exec', { exe: 'sleep', args: ['2'] })]))
  manager.queue.push(...tasks)
  const worker = await workerFor(t, manager)
  await manager.until(() => /started/.test(manager.log(tasks[0]!.uuid)))
  await worker.stop('task')
  assert.deepEqual(manager.statusesOf(tasks[0]!.uuid), ['active', 'completed'])
  assert.deepEqual(manager.statusesOf(tasks[1]!.uuid), [])
  assert.equal(manager.signOffs, 1)
})

test('a worker asked to stop after its frame leaves the rest to others', async (t) => {
  const manager = await startStandIn(t)
  const dir = await tempDir(t)
  // Speaks as Blender does; the frame is checked only when the task would end.
  const script = `for i in $(seq 1 100); do sleep 0.1; echo "Saved: '${dir}/$i.png'"; echo "Time: 00:00.20"; done`
  const blender = { exe: 'sh', exeArgs: '', argsBefore: ['-c', script], blendfile: '', args: [] }
  const task = makeTask([command('blender-render', blender)])
  manager.queue.push(task)
  const worker = await workerFor(t, manager)
  await manager.until(() => /started/.test(manager.log(task.uuid)))
  await worker.stop('frame')
  assert.deepEqual(manager.statusesOf(task.uuid), ['active'])
  assert.match(manager.log(task.uuid), /Saved: .*1\.png/)
  assert.doesNotMatch(manager.log(task.uuid), /Saved: .*100\.png/)
})

test('a worker with nothing to do stops at once, whatever it may finish', async (t) => {
  const manager = await startStandIn(t)
  const worker = await workerFor(t, manager)
  await manager.until(() => manager.states.length > 0)
  await worker.stop('task')
  assert.equal(await worker.ended, 'stopped')
})
