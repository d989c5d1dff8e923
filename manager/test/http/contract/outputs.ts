import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import type { Job, JobOutputs, ReusableFrames } from '@shaman-farm/manager-api'
import { createShamanClient } from '@shaman-farm/shaman/client'
import { extract } from 'tar-stream'
import { nobody, openSetting, type Setting, unknownId } from './setting.ts'

interface RenderJob {
  job: Job
  task: string
  /** Where its frames go. */
  directory: string
}

// Each job goes before what is left of the one before.
let priority = 10

/** A render job whose first task is at work. */
async function startJob(
  { manager, expect }: Setting,
  metadata: Record<string, string> = {},
  checkout?: string,
): Promise<RenderJob> {
  priority += 1
  const directory = join(manager.dir, 'storage', 'renders', `job ${priority}`)
  const job = await manager.client.submitJob({
    body: {
      name: 'shot 1',
      type: 'simple-blender-render',
      priority,
      submitter_platform: 'linux',
      settings: {
        blendfile: '/projects/shot.blend',
        frames: '1-3',
        chunk_size: 3,
        render_output_root: manager.dir,
        render_output_path: join(directory, '######'),
        format: 'PNG',
        image_file_extension: '.png',
        fps: 24,
        scene: 'Scene',
      },
      metadata,
      ...(checkout === undefined ? {} : { storage: { shaman_checkout_id: checkout } }),
    },
  })
  const { uuid } = (await expect('scheduleTask', 200)) as { uuid: string }
  return { job, task: uuid, directory }
}

async function store(setting: Setting, bytes: Buffer): Promise<{ sha: string; size: number }> {
  const digest = { sha: hash('sha256', bytes), size: bytes.length }
  const client = createShamanClient({ url: setting.manager.url })
  await client.upload({ files: [{ path: 'f', digest, source: { bytes } }] })
  await client.close()
  return digest
}

const key = hash('sha256', 'all that decides what a frame looks like')
const image = Buffer.from('an image')

test('a frame is offered again to a job that agrees, from the store or from where it was written', async (t) => {
  const setting = await openSetting(t)
  const { expect, worker, manager } = setting
  const first = await startJob(setting, { 'farm.reuse': 'yes' })
  const ask = (params: object, frames: object[] = [{ frame: 7, key }]) => ({
    params: { task_id: first.task, ...params },
    body: { frames },
  })
  assert.deepEqual(await expect('farmTaskReusable', 200, ask({})), { frames: [] })
  await expect('farmTaskReusable', 403, { ...ask({}), ...nobody })
  await expect('farmTaskReusable', 400, ask({}, [{ frame: 7, key: 'no key' }]))
  await expect('farmTaskReusable', 404, ask({ task_id: unknownId }))

  const path = join(first.directory, '000002.png')
  const digest = await store(setting, image)
  await expect('farmTaskOutputs', 204, {
    params: { task_id: first.task },
    body: { files: [{ path, ...digest, frame: 2, key }] },
  })
  await worker.client.taskUpdate({
    params: { task_id: first.task },
    body: { taskStatus: 'completed' },
  })
  await expect('farmTaskReusable', 409, ask({}))

  const frame = {
    frame: 7,
    ...digest,
    name: '000002.png',
    from: { job: first.job.id, task: first.task },
  }
  const second = await startJob(setting, { 'farm.reuse': 'yes' })
  const asked = ask({ task_id: second.task })
  assert.deepEqual(await expect('farmTaskReusable', 200, asked), { frames: [frame] })

  // The store may let go of it: nothing there refers to it.
  const blobs = join(manager.dir, 'storage', 'file-store', 'blobs')
  await rm(join(blobs, digest.sha.slice(0, 2)), { recursive: true })
  assert.deepEqual(await expect('farmTaskReusable', 200, asked), { frames: [frame] })
  await rm(join(blobs, digest.sha.slice(0, 2)), { recursive: true })
  await writeFile(path, 'AN IMAGE')
  assert.deepEqual(await expect('farmTaskReusable', 200, asked), { frames: [] }, 'it was changed')

  await worker.client.taskUpdate({
    params: { task_id: second.task },
    body: {
      taskStatus: 'completed',
      frames: [
        { frame: 1, status: 'completed' },
        { frame: 2, status: 'completed', reused: true, reused_from: frame.from },
        { frame: 3, status: 'completed', reused: true, reused_from: frame.from },
      ],
    },
  })
  const { runs } = await manager.client.farmJobFrames({ params: { job_id: second.job.id } })
  assert.deepEqual(
    runs.map(({ from, count, reused_from }) => [from, count, reused_from]),
    [
      [1, 1, undefined],
      [2, 2, frame.from],
    ],
  )
  const { attempts } = await manager.client.farmTaskAttempts({ params: { task_id: second.task } })
  assert.equal(attempts[0]?.task_status, 'completed')
  assert.deepEqual(attempts[0]?.frames[1], {
    frame: 2,
    status: 'completed',
    reused: true,
    reused_from: frame.from,
  })
})

test('a job that does not agree neither gives nor gets frames', async (t) => {
  const setting = await openSetting(t)
  const { expect, worker } = setting
  const digest = await store(setting, image)
  for (const metadata of [{}, { 'farm.reuse': 'no' }]) {
    const { task, directory } = await startJob(setting, metadata)
    const params = { task_id: task }
    await expect('farmTaskOutputs', 204, {
      params,
      body: { files: [{ path: join(directory, '000001.png'), ...digest, frame: 1, key }] },
    })
    const asked = { params, body: { frames: [{ frame: 1, key }] } }
    assert.deepEqual(await expect('farmTaskReusable', 200, asked), { frames: [] })
    await worker.client.taskUpdate({ params, body: { taskStatus: 'completed' } })
  }
  const { task } = await startJob(setting, { 'farm.reuse': 'yes' })
  const asked = { params: { task_id: task }, body: { frames: [{ frame: 1, key }] } }
  assert.deepEqual(((await expect('farmTaskReusable', 200, asked)) as ReusableFrames).frames, [])
})

test('what a job has made is a tar archive, named from the folder it lies in', async (t) => {
  const setting = await openSetting(t)
  const { expect, worker, manager } = setting
  const { job, task, directory } = await startJob(setting)
  await mkdir(directory, { recursive: true })
  const written = join(directory, '000001.png')
  await writeFile(written, 'written by the worker')
  await worker.client.taskUpdate({
    params: { task_id: task },
    body: {
      frames: [
        { frame: 1, status: 'completed', file: written },
        { frame: 3, status: 'completed', file: join(directory, 'gone.png') },
      ],
    },
  })
  const digest = await store(setting, image)
  const sent = join(directory, 'ä passes', `${'long '.repeat(30)}.exr`)
  await expect('farmTaskOutputs', 204, {
    params: { task_id: task },
    body: { files: [{ path: sent, ...digest, frame: 2 }] },
  })
  await rm(dirname(sent), { recursive: true })

  await expect('farmJobOutputsTar', 404, { params: { job_id: unknownId } })
  await expect('farmJobOutputsTar', 200, { params: { job_id: job.id } })
  const response = await fetch(`${manager.url}/api/v3/farm/jobs/${job.id}/outputs.tar`)
  assert.match(response.headers.get('content-disposition')!, /shot%201\.tar/)
  assert.deepEqual(await entriesOf(response), {
    '000001.png': 'written by the worker',
    [`ä passes/${'long '.repeat(30)}.exr`]: 'an image',
  })
  assert.equal(await readFile(written, 'utf8'), 'written by the worker')

  await expect('farmJobOutputsTar', 400, { params: { job_id: job.id }, query: '?frames=1-' })
  const some = await fetch(`${response.url}?frames=1,3-900000000`)
  assert.deepEqual(await entriesOf(some), { '000001.png': 'written by the worker' })
})

async function entriesOf(response: Response): Promise<Record<string, string>> {
  const entries = new Map<string, string>()
  const reader = extract()
  reader.end(Buffer.from(await response.arrayBuffer()))
  for await (const entry of reader) {
    entries.set(entry.header.name, await text(entry as never))
  }
  return Object.fromEntries(entries)
}

test('to list what a job has made changes nothing; to store it does, once', async (t) => {
  const setting = await openSetting(t)
  const { expect, worker, manager } = setting
  const { job, task, directory } = await startJob(setting)
  await mkdir(directory, { recursive: true })
  const written = join(directory, '000001.png')
  await writeFile(written, image)
  await worker.client.taskUpdate({
    params: { task_id: task },
    body: { frames: [{ frame: 1, status: 'completed', file: written }] },
  })
  const params = { job_id: job.id }
  const frame = { frame: 1, path: written, task_id: task }
  const digest = { sha: hash('sha256', image), size: image.length }
  const isStored = async (): Promise<boolean> =>
    (
      await fetch(`${manager.url}/api/v3/shaman/x/blobs/${digest.sha}/${digest.size}`, {
        method: 'HEAD',
      })
    ).ok
  const listed = async (query: string): Promise<unknown> =>
    ((await expect('farmJobOutputs', 200, { params, query })) as JobOutputs).files
  assert.deepEqual(await listed(''), [frame])
  assert.deepEqual(await listed('?stored=true'), [frame])
  assert.equal(await isStored(), false)

  await expect('farmStoreJobOutputs', 404, { params: { job_id: unknownId } })
  for (const _ of ['first', 'again']) {
    const { files } = (await expect('farmStoreJobOutputs', 200, { params })) as JobOutputs
    assert.deepEqual(files, [{ ...frame, ...digest }])
  }
  assert.equal(await isStored(), true)
  assert.deepEqual(await listed(''), [{ ...frame, ...digest }])
})

test('a worker hears which checkouts it will need next, the nearest first', async (t) => {
  const setting = await openSetting(t)
  const { expect, worker } = setting
  const upcoming = async () => (await expect('farmWorkerUpcoming', 200)) as { checkouts: string[] }
  await expect('farmWorkerUpcoming', 403, nobody)
  const { task } = await startJob(setting, {}, 'shot-1-abcd')
  // What is left of that job is a video task that waits for the frames.
  assert.deepEqual(await upcoming(), { checkouts: [] })
  const { client } = setting.manager
  const echo = (checkout: string, priority: number) =>
    client.submitJob({
      body: {
        name: 'echo',
        type: 'echo-sleep-test',
        priority,
        submitter_platform: 'linux',
        settings: { message: 'hello', sleep_duration_seconds: 0, sleep_repeats: 1 },
        metadata: {},
        ...(checkout === '' ? {} : { storage: { shaman_checkout_id: checkout } }),
      },
    })
  await echo('low', 5)
  await echo('', 90)
  await echo('high', 80)
  await echo('high', 70)
  assert.deepEqual(await upcoming(), { checkouts: ['high', 'low'] })
  await worker.client.taskUpdate({ params: { task_id: task }, body: { taskStatus: 'completed' } })
  assert.deepEqual(await upcoming(), { checkouts: ['high', 'shot-1-abcd'] })
})
