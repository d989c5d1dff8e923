import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createShamanClient } from '@shaman-farm/shaman/client'
import {
  openManager,
  signOnWorker,
  submitEcho,
  type TestManager,
  workOff,
} from '../running-manager.ts'

async function checkOut(manager: TestManager, path: string): Promise<string> {
  const bytes = Buffer.from(`content of ${path}`)
  const sha = createHash('sha256').update(bytes).digest('hex')
  const digest = { sha, size: bytes.length }
  const client = createShamanClient({ url: manager.url })
  const files = [{ path: 'a.txt', digest, source: { bytes } }]
  await client.upload({ files })
  return (await client.checkout({ files, path })).checkoutPath
}

async function deleteAndWait({ client }: TestManager, id: string): Promise<void> {
  await client.deleteJob({ params: { job_id: id } })
  for (let i = 0; i < 200; i += 1) {
    const { status } = await client.request('fetchJob', { params: { job_id: id } })
    if (status === 404) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('the job is still there')
}

function logsOf(manager: TestManager, id: string): number {
  const files = readdirSync(manager.dir, { recursive: true, encoding: 'utf8' })
  return files.filter((file) => file.includes(id) && file.endsWith('.txt')).length
}

test('deleting a job removes its checkout and its logs, and leaves what it rendered', async (t) => {
  const manager = await openManager(t)
  const checkout = await checkOut(manager, 'shot one')
  const renders = join(manager.dir, 'storage', 'renders')
  mkdirSync(renders, { recursive: true })
  writeFileSync(join(renders, '0001.png'), 'a frame')
  const job = await submitEcho(manager, { storage: { shaman_checkout_id: checkout } })
  await workOff(await signOnWorker(manager))
  const dir = join(manager.dir, 'storage', 'jobs', checkout)
  assert.ok(existsSync(dir))
  assert.equal(logsOf(manager, job.id), 3)
  await deleteAndWait(manager, job.id)
  assert.ok(!existsSync(dir))
  assert.equal(logsOf(manager, job.id), 0)
  assert.ok(existsSync(join(renders, '0001.png')))
})

test('a checkout that another job names stays until that one goes too', async (t) => {
  const manager = await openManager(t)
  const checkout = await checkOut(manager, 'shared')
  const storage = { shaman_checkout_id: checkout }
  const [first, second] = [
    await submitEcho(manager, { storage }),
    await submitEcho(manager, { storage }),
  ]
  const dir = join(manager.dir, 'storage', 'jobs', checkout)
  await deleteAndWait(manager, first.id)
  assert.ok(existsSync(dir))
  await deleteAndWait(manager, second.id)
  assert.ok(!existsSync(dir))
})

for (const id of ['..', '.', '../file-store', '/etc', 'not-a-checkout/..']) {
  test(`a job that names "${id}" as its checkout can be deleted and takes nothing with it`, async (t) => {
    const manager = await openManager(t)
    await checkOut(manager, 'somebody else')
    const jobs = join(manager.dir, 'storage', 'jobs')
    writeFileSync(join(jobs, 'by-hand.txt'), 'mine')
    const before = readdirSync(jobs)
    const job = await submitEcho(manager, { storage: { shaman_checkout_id: id } })
    await deleteAndWait(manager, job.id)
    assert.deepEqual(readdirSync(jobs), before)
    assert.ok(existsSync(join(manager.dir, 'storage', 'file-store', 'blobs')))
  })
}

test('jobs that are deleted while others are being deleted go too', async (t) => {
  const manager = await openManager(t)
  const jobs = []
  for (const name of ['one', 'two', 'three', 'four']) {
    const storage = { shaman_checkout_id: await checkOut(manager, name) }
    jobs.push(await submitEcho(manager, { storage }))
  }
  await Promise.all(jobs.map((job) => deleteAndWait(manager, job.id)))
})

test('a deletion that a stop cut off is carried out after the next start', async (t) => {
  const manager = await openManager(t)
  const job = await submitEcho(manager)
  await manager.client.deleteJob({ params: { job_id: job.id } })
  await manager.restart()
  for (let i = 0; i < 200; i += 1) {
    const { jobs } = await manager.client.fetchJobs()
    if (jobs.length === 0) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.fail('the job is still there')
})
