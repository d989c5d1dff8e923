import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { apiBase } from '@shaman-farm/manager-api'
import sharp from 'sharp'
import { signOnWorker, submitEcho } from '../../running-manager.ts'
import { nobody, openSetting, unknownId, until } from './setting.ts'

test('worker operations answer as documented', async (t) => {
  const { expect, manager, worker } = await openSetting(t)
  const registration = { secret: 's', platform: 'linux', supported_task_types: ['misc'], name: 'w' }
  const registered = (await expect('registerWorker', 200, { body: registration })) as {
    status: string
  }
  assert.equal(registered.status, '')
  await expect('registerWorker', 400, { body: { ...registration, secret: 5 } })
  const signOn = { name: 'w', supported_task_types: ['misc'], software_version: '1' }
  await expect('signOn', 403, { ...nobody, body: signOn })
  await expect('signOn', 403, { as: { ...worker, secret: 'wrong' }, body: signOn })
  await expect('scheduleTask', 403, nobody)
  await expect('signOn', 200, { body: signOn })
  await expect('scheduleTask', 409)
  await expect('workerStateChanged', 403, { ...nobody, body: { status: 'awake' } })
  await expect('workerStateChanged', 204, { body: { status: 'awake' } })
  await expect('workerState', 403, nobody)
  await expect('workerState', 204)
  await expect('scheduleTask', 204)
  await submitEcho(manager)
  const task = (await expect('scheduleTask', 200)) as { uuid: string; status: string }
  assert.equal(task.status, 'active')
  const params = { task_id: task.uuid }
  await expect('mayWorkerRun', 200, { params })
  await expect('mayWorkerRun', 200, { params: { task_id: unknownId } })
  await expect('mayWorkerRun', 400, { params: { task_id: 'not-an-id' } })
  await expect('mayWorkerRun', 403, { ...nobody, params })
  await expect('taskUpdate', 204, { params, body: { activity: 'at it', log: 'line' } })
  await expect('taskUpdate', 400, { params, body: { taskStatus: 'soft-failed' } })
  await expect('taskUpdate', 400, { params, body: { taskStatus: 'nonsense' } })
  await expect('taskUpdate', 400, { params: { task_id: 'x' }, body: {} })
  await expect('taskUpdate', 404, { params: { task_id: unknownId }, body: {} })
  await expect('taskUpdate', 403, { ...nobody, params, body: {} })
  const other = await signOnWorker(manager, { name: 'other' })
  await expect('taskUpdate', 409, { as: other, params, body: {} })
  await expect('taskUpdate', 204, { params, body: { taskStatus: 'completed' } })
  await expect('taskUpdate', 409, { params, body: { taskStatus: 'failed' } })
  await manager.client.requestWorkerStatusChange({
    params: { worker_id: worker.uuid },
    body: { status: 'asleep', is_lazy: true },
  })
  await expect('scheduleTask', 423)
  await expect('workerState', 200)
  await expect('signOff', 403, nobody)
  await expect('signOff', 204)
})

test('files handed over by a worker without the storage answer as documented', async (t) => {
  const { expect, manager } = await openSetting(t)
  const directory = join(manager.dir, 'storage', 'renders')
  const job = await submitEcho(manager, {
    type: 'simple-blender-render',
    settings: {
      ...{ frames: '1', blendfile: '/scene.blend', scene: 'Scene', fps: 24, format: 'PNG' },
      ...{ image_file_extension: '.png', render_output_root: directory, add_path_components: 0 },
      render_output_path: join(directory, '######'),
    },
  })
  const { uuid } = (await expect('scheduleTask', 200)) as { uuid: string }
  const params = { task_id: uuid }
  const bytes = Buffer.from('a frame')
  const digest = { sha: hash('sha256', bytes), size: bytes.length }
  const path = join(directory, '000001.png')
  const told = (file: object) => ({ params, body: { files: [{ path, ...digest, ...file }] } })
  await expect('farmTaskOutputs', 424, told({}))
  const url = `${manager.url}${apiBase}/shaman/files/${digest.sha}/${digest.size}`
  await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: bytes,
  })
  for (const elsewhere of ['/etc/passwd', 'here.png', `${directory}/../out.png`, directory]) {
    await expect('farmTaskOutputs', 400, told({ path: elsewhere }))
  }
  await expect('farmTaskOutputs', 400, told({ sha: 'nonsense' }))
  await expect('farmTaskOutputs', 403, { ...nobody, ...told({}) })
  await expect('farmTaskOutputs', 404, { ...told({}), params: { task_id: unknownId } })
  const other = await signOnWorker(manager, { name: 'other' })
  await expect('farmTaskOutputs', 409, { ...told({}), as: other })
  await expect('farmTaskOutputs', 204, told({ frame: 1 }))
  await expect('farmTaskOutputs', 204, told({ frame: 1 }))
  assert.deepEqual(await readdir(directory), ['000001.png'])
  assert.deepEqual(await readFile(path), bytes)
  const { files } = (await expect('farmJobOutputs', 200, { params: { job_id: job.id } })) as {
    files: unknown[]
  }
  assert.deepEqual(files, [{ frame: 1, path, task_id: uuid, ...digest }])
})

test('images of frames answer as documented', async (t) => {
  const { expect, manager } = await openSetting(t)
  const job = await submitEcho(manager)
  const { uuid } = (await expect('scheduleTask', 200)) as { uuid: string }
  const params = { task_id: uuid }
  const bytes = await sharp({
    create: { width: 320, height: 180, channels: 3, background: '#c40' },
  })
    .png()
    .toBuffer()
  const png = (size: Buffer) => ({ raw: { type: 'image/png', bytes: size } })
  await expect('fetchJobLastRenderedInfo', 204, { params: { job_id: job.id } })
  await expect('fetchGlobalLastRenderedInfo', 204)
  await expect('taskOutputProduced', 202, { params, ...png(bytes) })
  await expect('taskOutputProduced', 411, { params, ...png(Buffer.alloc(0)) })
  await expect('taskOutputProduced', 413, { params, ...png(Buffer.alloc(26_214_401)) })
  await expect('taskOutputProduced', 400, { params, raw: { type: 'image/gif', bytes } })
  await expect('taskOutputProduced', 404, { params: { task_id: unknownId }, ...png(bytes) })
  await expect('taskOutputProduced', 403, { ...nobody, params, ...png(bytes) })
  await expect('farmTaskOutput', 202, { params, query: '?frame=7', ...png(bytes) })
  await expect('farmTaskOutput', 400, { params, query: '?frame=seven', ...png(bytes) })
  await expect('farmTaskOutput', 403, { ...nobody, params, ...png(bytes) })
  await expect('farmTaskOutput', 404, { params: { task_id: unknownId }, ...png(bytes) })
  await expect('farmTaskOutput', 411, { params, ...png(Buffer.alloc(0)) })
  await expect('farmTaskOutput', 413, { params, ...png(Buffer.alloc(26_214_401)) })
  await until(
    async () =>
      (await manager.client.farmJobFrames({ params: { job_id: job.id } })).thumbnails.length > 0,
  )
  const info = (await expect('fetchJobLastRenderedInfo', 200, { params: { job_id: job.id } })) as {
    base: string
    suffixes: string[]
  }
  await expect('fetchGlobalLastRenderedInfo', 200)
  for (const id of ['taskOutputProduced', 'farmTaskOutput'] as const) {
    const crowd = Array.from({ length: 30 }, () => expect(id, 429, { params, ...png(bytes) }))
    const refused = (await Promise.allSettled(crowd)).filter(({ status }) => status === 'fulfilled')
    assert.ok(refused.length > 0, `${id} takes any number of images at once`)
  }
  const { thumbnails } = await manager.client.farmJobFrames({ params: { job_id: job.id } })
  for (const url of [
    ...info.suffixes.map((suffix) => `${info.base}/${suffix}`),
    thumbnails[0]!.url,
  ]) {
    const image = await fetch(`${manager.url}${url}`)
    const { format } = await sharp(await image.arrayBuffer()).metadata()
    assert.equal(format, 'jpeg', url)
  }
})

test('worker management answers as documented', async (t) => {
  const { expect, worker } = await openSetting(t)
  const params = { worker_id: worker.uuid }
  const unknown = { params: { worker_id: unknownId } }
  await expect('fetchWorkers', 200)
  await expect('fetchWorker', 200, { params })
  await expect('fetchWorker', 404, unknown)
  await expect('fetchWorker', 400, { params: { worker_id: 'x' } })
  const change = { status: 'asleep', is_lazy: false }
  await expect('requestWorkerStatusChange', 204, { params, body: change })
  await expect('requestWorkerStatusChange', 412, { params, body: { ...change, status: 'restart' } })
  await expect('requestWorkerStatusChange', 404, { ...unknown, body: change })
  await expect('requestWorkerStatusChange', 400, {
    params,
    body: { status: 'dreaming', is_lazy: false },
  })
  const tag = (await expect('createWorkerTag', 200, { body: { name: 'gpu' } })) as { id: string }
  await expect('createWorkerTag', 409, { body: { name: 'gpu' } })
  await expect('createWorkerTag', 400, { body: {} })
  await expect('fetchWorkerTags', 200)
  const tagParams = { tag_id: tag.id }
  await expect('fetchWorkerTag', 200, { params: tagParams })
  await expect('fetchWorkerTag', 404, { params: { tag_id: unknownId } })
  await expect('fetchWorkerTag', 400, { params: { tag_id: 'x' } })
  await expect('updateWorkerTag', 204, {
    params: tagParams,
    body: { name: 'gpus', description: 'd' },
  })
  await expect('createWorkerTag', 200, { body: { name: 'taken' } })
  await expect('updateWorkerTag', 409, { params: { tag_id: tag.id }, body: { name: 'taken' } })
  await expect('updateWorkerTag', 404, { params: { tag_id: unknownId }, body: { name: 'x' } })
  await expect('setWorkerTags', 204, { params, body: { tag_ids: [tag.id, unknownId] } })
  await expect('setWorkerTags', 404, { ...unknown, body: { tag_ids: [] } })
  const seen = (await expect('fetchWorker', 200, { params })) as { tags: { name: string }[] }
  assert.deepEqual(
    seen.tags.map(({ name }) => name),
    ['gpus'],
  )
  await expect('deleteWorkerTag', 204, { params: tagParams })
  await expect('deleteWorkerTag', 404, { params: tagParams })
  const schedule = {
    is_active: true,
    days_of_week: 'mo tu',
    start_time: '22:00',
    end_time: '06:00',
  }
  await expect('fetchWorkerSleepSchedule', 204, { params })
  await expect('setWorkerSleepSchedule', 204, { params, body: schedule })
  await expect('fetchWorkerSleepSchedule', 200, { params })
  await expect('setWorkerSleepSchedule', 400, { params, body: { ...schedule, start_time: 'noon' } })
  await expect('setWorkerSleepSchedule', 400, { params, body: { ...schedule, days_of_week: 'm' } })
  await expect('setWorkerSleepSchedule', 404, { ...unknown, body: schedule })
  await expect('deleteWorker', 204, { params })
  await expect('deleteWorker', 404, { params })
  await expect('workerState', 403)
})
