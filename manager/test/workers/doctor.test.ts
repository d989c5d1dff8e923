import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DoctorReport } from '@shaman-farm/manager-api'
import { openManager, signOnWorker, type TestManager, type TestWorker } from '../running-manager.ts'

const storageIsWell = { id: 'storage', title: 'Shared storage', status: 'ok' as const }

function report(checks: DoctorReport['checks'] = [storageIsWell]): DoctorReport {
  return { at: '2026-01-05T12:00:00.000Z', version: '0.1.0', platform: 'linux', checks }
}

/** Asks for a task as workers do, and tells what the answer's header says. */
async function ask({ url }: TestManager, worker: TestWorker, wait: number): Promise<string | null> {
  const response = await fetch(`${url}/api/v3/worker/task`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${btoa(`${worker.uuid}:${worker.secret}`)}`,
      'x-farm-wait': String(wait),
    },
  })
  assert.equal(response.status, 204)
  return response.headers.get('x-farm-doctor')
}

test('a worker that is waiting for a task hears at once that a report is wanted', async (t) => {
  const manager = await openManager(t)
  const worker = await signOnWorker(manager)
  const waiting = ask(manager, worker, 60)
  const params = { worker_id: worker.uuid }
  await manager.client.farmRequestDoctor({ params })
  assert.equal(await waiting, 'wanted')
})

test('a report is wanted until it comes, also across a restart, and is told at the next request', async (t) => {
  const manager = await openManager(t)
  const worker = await signOnWorker(manager)
  const params = { worker_id: worker.uuid }
  assert.equal(await ask(manager, worker, 0), null)
  await manager.client.farmRequestDoctor({ params })
  await manager.restart()
  assert.equal(await ask(manager, worker, 60), 'wanted')
  assert.equal(await ask(manager, worker, 0), 'wanted')
  const own = { authorization: `Basic ${btoa(`${worker.uuid}:${worker.secret}`)}` }
  await manager.client.farmReportDoctor({ body: report(), headers: own })
  assert.equal(await ask(manager, worker, 0), null)
  assert.deepEqual(await manager.client.farmWorkerDoctor({ params }), report())
})

test('the storage check tells how the manager and each worker see the storage', async (t) => {
  const manager = await openManager(t)
  const [well, ill, silent] = [
    await signOnWorker(manager, { name: 'a well one' }),
    await signOnWorker(manager, { name: 'b ill one' }),
    await signOnWorker(manager, { name: 'c silent one' }),
  ]
  const failing = { ...storageIsWell, status: 'fail' as const, detail: 'not mounted' }
  await well.client.farmReportDoctor({ body: report() })
  await ill.client.farmReportDoctor({ body: report([failing]) })
  const { manager: own, workers } = await manager.client.farmStorageCheck()
  assert.equal(own.is_usable, true)
  assert.deepEqual(
    workers.map(({ id, check }) => [id, check]),
    [
      [well.uuid, storageIsWell],
      [ill.uuid, failing],
      [silent.uuid, undefined],
    ],
  )
})
