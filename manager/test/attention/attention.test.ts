import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AttentionItem } from '@shaman-farm/manager-api'
import { acknowledge, attentionItems } from '../../src/attention/attention.ts'
import { excludeWorkers } from '../../src/jobs/blocklist.ts'
import type { JobCore } from '../../src/jobs/jobs-store.ts'
import { giveUpSilentWorkers } from '../../src/scheduler/timeouts.ts'
import { applyUpdate } from '../../src/tasks/task-updates.ts'
import { ownVersion } from '../../src/version.ts'
import { createTag } from '../../src/workers/worker-mgt.ts'
import { signOff } from '../../src/workers/worker-session.ts'
import type { WorkerRecord } from '../../src/workers/workers-store.ts'
import { addJob, addWorker, openTestFarm, report, type TestFarm, take } from '../test-farm.ts'

async function itemsOf(farm: TestFarm, kind?: AttentionItem['kind']): Promise<AttentionItem[]> {
  const items = await attentionItems({ farm, shaman: undefined })
  return items.filter((item) => kind === undefined || item.kind === kind)
}

const many = Array.from({ length: 40 }, (_, i) => ({ name: `t${i}` }))

test('failures of one kind are one item, whatever the frame', async (t) => {
  const farm = openTestFarm(t)
  await addJob(
    farm,
    Array.from({ length: 40 }, (_, i) => ({ name: `t${i}` })),
  )
  const crew = ['a', 'b'].map((name) => addWorker(farm, { name }))
  for (const [i, worker] of crew.entries()) {
    const task = take(farm, worker)!
    const failure = {
      reason: 'missing-file' as const,
      excerpt: `frame ${i + 100}: no /mnt/${worker.name}/tex.png`,
    }
    farm.transaction(() => applyUpdate(farm, worker.id, task.uuid, { failure }, undefined))
    report(farm, worker, task, 'failed')
  }
  const items = await itemsOf(farm)
  const [item] = items.filter(({ kind }) => kind === 'failures')
  assert.equal(items.filter(({ kind }) => kind === 'failures').length, 1)
  assert.equal(item!.count, 2)
  assert.match(item!.title, /a file is missing/)
  acknowledge(farm, item!.id)
  const again = (await itemsOf(farm)).find(({ id }) => id === item!.id)
  assert.equal(again?.acknowledged, true)
})

test('a lost worker, a silent program and a job nobody can run want attention', async (t) => {
  const farm = openTestFarm(t)
  await addJob(farm, [{ name: 'a' }])
  await addJob(farm, [{ name: 'b', type: 'houdini' }])
  const busy = addWorker(farm, { name: 'busy' })
  const lost = addWorker(farm, { name: 'lost' })
  take(farm, busy)
  farm.clock.now += 30 * 60_000
  giveUpSilentWorkers(farm, [busy.id])
  const items = await itemsOf(farm)
  const of = (kind: string) => items.filter((item) => item.kind === kind)
  assert.deepEqual(
    of('worker-gone')[0]?.workers.map(({ id }) => id),
    [lost.uuid],
  )
  assert.match(of('stuck-task')[0]!.title, /a has been silent for 30 min/)
  assert.match(of('no-eligible-worker')[0]!.detail, /houdini/)
})

test('a job whose every able worker is excluded wants attention, one that has another left does not', async (t) => {
  const farm = openTestFarm(t)
  const { id } = createTag(farm, { name: 'gpu' })
  const tag = farm.tags.byUuid(id!)!.id
  const [a, b] = ['a', 'b'].map((name) => addWorker(farm, { name })) as [WorkerRecord, WorkerRecord]
  addWorker(farm, { name: 'other', types: ['blender'] })
  const tagged = await addJob(farm, [{ name: 'tagged' }], { name: 'tagged', tag })
  const closed = await addJob(farm, [{ name: 'closed' }], { name: 'closed' })
  const open = await addJob(farm, [{ name: 'open' }], { name: 'open' })
  const block = (job: JobCore, ...workers: WorkerRecord[]) =>
    excludeWorkers(
      farm,
      job,
      workers.map(({ uuid }) => ({ worker_id: uuid, task_type: 'misc' })),
    )
  block(closed, a, b)
  block(open, a)
  const found = (await itemsOf(farm, 'no-eligible-worker')).map(({ jobs }) => jobs[0]!.id)
  assert.deepEqual(found, [tagged.uuid, closed.uuid])
})

test('a job that gets worker after worker blocked wants attention, anew with each one more', async (t) => {
  const farm = openTestFarm(t)
  const job = await addJob(farm, many, { name: 'cursed' })
  const crew = ['a', 'b', 'c', 'd'].map((name) => addWorker(farm, { name }))
  const failThree = (worker: (typeof crew)[number]) => {
    for (let i = 0; i < 3; i += 1) report(farm, worker, take(farm, worker)!, 'failed')
  }
  failThree(crew[0]!)
  assert.deepEqual(await itemsOf(farm, 'blocklist-growing'), [])
  excludeWorkers(farm, job, [{ worker_id: crew[3]!.uuid, task_type: 'misc' }])
  assert.deepEqual(await itemsOf(farm, 'blocklist-growing'), [], 'what a person did is no trouble')
  failThree(crew[1]!)
  const [two] = await itemsOf(farm, 'blocklist-growing')
  assert.equal(two!.title, '2 workers were blocked for cursed')
  assert.deepEqual(two!.jobs, [{ id: job.uuid, name: 'cursed' }])
  acknowledge(farm, two!.id)
  assert.equal((await itemsOf(farm, 'blocklist-growing'))[0]!.acknowledged, true)
  farm.workers.block({ job: job.id, worker: crew[2]!.id, type: 'misc', now: farm.now() })
  const [three] = await itemsOf(farm, 'blocklist-growing')
  assert.deepEqual([three!.count, three!.acknowledged], [3, false])
  farm.clock.now += 25 * 3_600_000
  assert.deepEqual(await itemsOf(farm, 'blocklist-growing'), [])
})

test('a worker that is blocked in job after job is told as the one at fault', async (t) => {
  const farm = openTestFarm(t)
  const bad = addWorker(farm, { name: 'bad' })
  addWorker(farm, { name: 'good' })
  for (const name of ['one', 'two']) await addJob(farm, many, { name })
  for (let i = 0; i < 6; i += 1) report(farm, bad, take(farm, bad)!, 'failed')
  const items = await itemsOf(farm, 'blocklist-growing')
  assert.deepEqual(
    items.map(({ title, count }) => [title, count]),
    [['bad was blocked for 2 jobs', 2]],
  )
  assert.deepEqual(
    items[0]!.workers.map(({ name }) => name),
    ['bad'],
  )
})

test('workers of another version want attention while they are there', async (t) => {
  const farm = openTestFarm(t)
  addWorker(farm, { name: 'right', version: ownVersion })
  addWorker(farm, { name: "Flamenco's", version: farm.config.current.raw.reported_version })
  assert.deepEqual(await itemsOf(farm, 'version-skew'), [])
  const old = addWorker(farm, { name: 'old', version: '0.0.9' })
  addWorker(farm, { name: 'older', version: '0.0.8' })
  const [item] = await itemsOf(farm, 'version-skew')
  assert.equal(item!.title, '2 workers run another version than the manager')
  assert.equal(item!.detail, `The manager is ${ownVersion}; 1 worker is 0.0.9, 1 worker is 0.0.8.`)
  signOff(farm, old)
  const [left] = await itemsOf(farm, 'version-skew')
  assert.deepEqual(
    left!.workers.map(({ name }) => name),
    ['older'],
  )
})
