import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createWorkerClient, type WorkerClient } from '@shaman-farm/manager-api/worker-client'
import { pino } from 'pino'
import { defaultTiming } from '../src/options.ts'
import { watchPermission } from '../src/permission.ts'
import { type StandIn, startStandIn } from './manager-stand-in.ts'

const log = pino({ level: 'silent' })
const taskId = '4b0a3d0e-0000-4000-8000-000000000000'

async function clientFor(manager: StandIn): Promise<WorkerClient> {
  const body = { name: 'w', secret: 's', platform: 'linux', supported_task_types: [] }
  const { uuid } = await createWorkerClient({ url: manager.url }).registerWorker({ body })
  return createWorkerClient({ url: manager.url, worker: { uuid, secret: 's' } })
}

function over(t: TestContext): AbortController {
  const abort = new AbortController()
  t.after(() => abort.abort())
  return abort
}

const asked = (manager: StandIn): number =>
  manager.requests.filter((request) => request.endsWith('/may-i-run')).length

test('a manager that cannot hold a question is asked every 10 seconds, as Flamenco’s worker asks', () => {
  assert.equal(defaultTiming.mayIRunMs, 10_000)
})

for (const status of [500, 503, 404, 403]) {
  test(`a task runs on while its question is answered with ${status}, and hears of the refusal afterwards`, async (t) => {
    const manager = await startStandIn(t)
    const client = await clientFor(manager)
    let isOut = true
    manager.fault = ({ url }) => (isOut && url.endsWith('/may-i-run') ? status : undefined)
    const { signal } = over(t)
    let ended = false
    const watching = watchPermission({ client, taskId, log, signal, waitSeconds: 5, pollMs: 20 })
    void watching.then(() => {
      ended = true
    })
    await manager.until(() => asked(manager) > 3)
    assert.equal(ended, false)
    isOut = false
    manager.forbidden.add(taskId)
    assert.deepEqual(await watching, {
      reason: 'task status is canceled',
      statusChangeRequested: false,
    })
  })
}

test('a task runs on while nobody is there to ask', async (t) => {
  const manager = await startStandIn(t)
  const { authorization } = await clientFor(manager)
  const [uuid, secret] = atob(authorization!.slice('Basic '.length)).split(':')
  const tried: string[] = []
  const client = createWorkerClient({
    url: manager.url,
    worker: { uuid: uuid!, secret: secret! },
    fetch: (url, init) => {
      tried.push(String(url))
      return fetch(tried.length > 2 ? url : 'http://127.0.0.1:9/', init)
    },
  })
  manager.forbidden.add(taskId)
  const { signal } = over(t)
  const refusal = await watchPermission({ client, taskId, log, signal, waitSeconds: 5, pollMs: 20 })
  assert.equal(refusal?.reason, 'task status is canceled')
  assert.equal(tried.length, 3)
})

test('an immediate change of status is a refusal that says so', async (t) => {
  const manager = await startStandIn(t)
  const client = await clientFor(manager)
  const { signal } = over(t)
  const watching = watchPermission({ client, taskId, log, signal, waitSeconds: 5, pollMs: 20 })
  await manager.until(() => asked(manager) === 1)
  manager.statusRequested = { status: 'asleep', lazy: false }
  assert.equal((await watching)?.statusChangeRequested, true)
})

test('a task that is over asks no more', async (t) => {
  const manager = await startStandIn(t)
  const client = await clientFor(manager)
  const abort = over(t)
  const watching = watchPermission({
    ...{ client, taskId, log, waitSeconds: 5, pollMs: 20 },
    signal: abort.signal,
  })
  await manager.until(() => asked(manager) === 1)
  abort.abort()
  assert.equal(await watching, undefined)
})
