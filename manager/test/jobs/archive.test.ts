import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { ManagerError } from '@shaman-farm/manager-api'
import { digestOf, openShaman } from '@shaman-farm/shaman'
import { createShamanClient } from '@shaman-farm/shaman/client'
import { archiveJob, archiveOldJobs } from '../../src/jobs/archive.ts'
import { previewDeletion } from '../../src/jobs/deletion-preview.ts'
import { createJobDeletions } from '../../src/jobs/job-deletions.ts'
import { openManager, signOnWorker, submitEcho, workOff } from '../running-manager.ts'
import { addJob, addWorker, openTestFarm, report, take } from '../test-farm.ts'

const dayMs = 24 * 3_600_000

async function checkOut(url: string, path: string): Promise<string> {
  const bytes = Buffer.from(`content of ${path}`)
  const files = [{ path: 'a.txt', digest: digestOf(bytes), source: { bytes } }]
  const client = createShamanClient({ url })
  const { checkoutPath } = await client.submit({ files, checkoutPath: path })
  await client.close()
  return checkoutPath
}

test('an archived job keeps its history, loses its input, and cannot be run again', async (t) => {
  const manager = await openManager(t)
  const checkout = await checkOut(manager.url, 'shot')
  const job = await submitEcho(manager, { storage: { shaman_checkout_id: checkout } })
  const params = { job_id: job.id }
  const { client } = manager
  await assert.rejects(client.farmArchiveJob({ params }), /queued cannot be archived/)
  await workOff(await signOnWorker(manager))
  await client.farmArchiveJob({ params })
  assert.ok(!existsSync(join(manager.dir, 'storage', 'jobs', checkout)))
  const archived = await client.farmJob({ params })
  assert.ok(archived.archived)
  assert.equal(archived.status, 'completed')
  await client.farmArchiveJob({ params })
  assert.deepEqual(await client.farmJob({ params }), archived)
  const { tasks } = await client.farmJobTasks({ params, query: {} })
  const isRefused = (error: unknown): boolean =>
    error instanceof ManagerError && error.status === 422
  const body = { status: 'requeueing', reason: 'again' } as const
  await assert.rejects(client.setJobStatus({ params, body }), isRefused)
  await assert.rejects(
    client.setTaskStatus({
      params: { task_id: tasks[0]!.id },
      body: { status: 'queued', reason: 'again' },
    }),
    isRefused,
  )
  const { reasons } = await client.farmJobWhy({ params })
  assert.match(reasons[0]!.hint!, /archived; submit it again/)
  await client.deleteJob({ params })
})

test('a checkout that a job still needs stays when another one that names it is archived', async (t) => {
  const manager = await openManager(t)
  const checkout = await checkOut(manager.url, 'shared')
  const storage = { shaman_checkout_id: checkout }
  const first = await submitEcho(manager, { storage })
  await workOff(await signOnWorker(manager))
  const second = await submitEcho(manager, { storage, initial_status: 'paused' })
  const dir = join(manager.dir, 'storage', 'jobs', checkout)
  await manager.client.farmArchiveJob({ params: { job_id: first.id } })
  assert.ok(existsSync(dir))
  const cancel = { status: 'cancel-requested', reason: '' } as const
  await manager.client.setJobStatus({ params: { job_id: second.id }, body: cancel })
  await manager.client.farmArchiveJob({ params: { job_id: second.id } })
  assert.ok(!existsSync(dir))
})

test('by policy, jobs are archived when they have been finished for long enough, others never', async (t) => {
  const { farm, shaman, checkout } = await openFarmWithStore(t)
  farm.config.replace({ ...farm.config.stored(), checkout_expiry: '720h' })
  const old = await addJob(farm, [{ name: 'a' }], {
    storage: { shaman_checkout_id: await checkout('old') },
  })
  const worker = addWorker(farm)
  report(farm, worker, take(farm, worker)!, 'completed')
  farm.clock.now += 29 * dayMs
  const waiting = await addJob(farm, [{ name: 'a' }], {
    storage: { shaman_checkout_id: await checkout('waiting') },
  })
  await archiveOldJobs(farm, shaman)
  assert.equal(farm.jobs.byId(old.id).archived_at, null)
  farm.clock.now += 40 * dayMs
  await archiveOldJobs(farm, shaman)
  assert.equal(farm.jobs.byId(old.id).archived_at, farm.clock.now)
  assert.equal(farm.jobs.byId(waiting.id).archived_at, null)
  assert.deepEqual(
    shaman.checkouts.list().map(({ path }) => path),
    [waiting.shaman_checkout_id],
  )
})

test('what a crash left between archiving and erasing is erased at the next turn, unless pinned', async (t) => {
  const { farm, shaman, checkout } = await openFarmWithStore(t)
  const [plain, pinned] = [await checkout('plain'), await checkout('pinned')]
  await shaman.checkouts.pin(pinned, true)
  for (const id of [plain, pinned]) {
    const job = await addJob(farm, [{ name: 'a' }], { storage: { shaman_checkout_id: id } })
    farm.jobs.archive(job.id, farm.now())
  }
  await archiveOldJobs(farm, shaman)
  assert.deepEqual(
    shaman.checkouts.list().map(({ path }) => path),
    [pinned],
  )
})

test('a new checkout of the same name is not the archived job’s', async (t) => {
  const { farm, shaman, checkout } = await openFarmWithStore(t)
  const id = await checkout('shot')
  const { id: jobId, uuid } = await addJob(farm, [{ name: 'a' }], {
    storage: { shaman_checkout_id: id },
  })
  const worker = addWorker(farm)
  report(farm, worker, take(farm, worker)!, 'completed')
  await archiveJob(farm, shaman, farm.jobs.byId(jobId))
  assert.equal(shaman.checkouts.get(id), undefined)
  farm.clock.now += 1
  assert.equal(await checkout('shot'), id)
  await archiveOldJobs(farm, shaman)
  assert.ok(shaman.checkouts.get(id), 'the hourly turn')
  assert.equal((await previewDeletion(farm, shaman, [uuid])).checkouts, 0)
  const deletions = createJobDeletions(farm, shaman)
  t.after(() => deletions.close())
  deletions.request(farm.jobs.byUuid(uuid)!)
  await deletions.settle()
  assert.equal(farm.jobs.byUuid(uuid), undefined)
  assert.ok(shaman.checkouts.get(id), 'the deletion')
})

async function openFarmWithStore(t: TestContext) {
  const farm = openTestFarm(t)
  const { dataDir, storage } = farm.config.current
  const shaman = await openShaman({
    root: storage,
    stateDir: join(dataDir, 'shaman'),
    log: farm.log,
    now: farm.now,
  })
  t.after(() => shaman.close())
  const checkout = async (path: string): Promise<string> => {
    const bytes = Buffer.from(`content of ${path}`)
    const digest = digestOf(bytes)
    await shaman.blobs.put(digest, Readable.from([bytes]))
    return (await shaman.checkouts.create({ path, files: [{ path: 'a.txt', ...digest }] })).path
  }
  return { farm, shaman, checkout }
}
