import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createTaskRequests, type TaskReply } from '../../src/scheduler/task-requests.ts'
import { addJob, addWorker, openTestFarm, report } from '../test-farm.ts'

function open(t: TestContext) {
  const farm = openTestFarm(t)
  const requests = createTaskRequests(farm)
  t.after(() => requests.close())
  const ask = (worker: number): Promise<TaskReply> => requests.ask(worker)
  const wait = (worker: number): Promise<TaskReply> =>
    requests.ask(worker, { waitMs: 20_000, gone: new AbortController().signal })
  return { farm, ask, wait }
}

function nameOf(reply: TaskReply): string {
  return reply.kind === 'task' ? reply.task.name : reply.kind
}

test('a worker that knows a job goes on with it, before one that has waited for longer', async (t) => {
  const { farm, ask, wait } = open(t)
  const [knows, newcomer] = [addWorker(farm, { name: 'knows' }), addWorker(farm, { name: 'new' })]
  await addJob(farm, [
    { name: 'first' },
    { name: 'second', after: ['first'] },
    { name: 'third', after: ['first'] },
  ])
  const first = await ask(knows.id)
  assert.ok(first.kind === 'task')
  const waiting = wait(newcomer.id)
  await new Promise((resolve) => setImmediate(resolve))
  report(farm, knows, first.task, 'completed')
  const next = wait(knows.id)
  assert.equal(nameOf(await next), 'second')
  assert.equal(nameOf(await waiting), 'third', 'what is left is for the others, a moment later')
})

test('of those who wait, the one that knows the job goes first; priorities stay as they are', async (t) => {
  const { farm, ask, wait } = open(t)
  const [one, two, three] = ['one', 'two', 'three'].map((name) => addWorker(farm, { name }))
  await addJob(farm, [{ name: 'low a' }, { name: 'low b', type: 'later' }], { name: 'low' })
  const low = await ask(one!.id)
  assert.ok(low.kind === 'task')
  report(farm, one!, low.task, 'completed')
  const waiting = [wait(three!.id), wait(two!.id), wait(one!.id)]
  await new Promise((resolve) => setImmediate(resolve))
  await addJob(farm, [{ name: 'urgent' }], { priority: 90 })
  const urgent = await Promise.race(waiting)
  assert.equal(nameOf(urgent), 'urgent', 'nobody is held back when what is known has nothing to do')
})
