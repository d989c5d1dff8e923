import assert from 'node:assert/strict'
import { hash, randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { apiBase, operations } from '@shaman-farm/manager-api'
import sharp from 'sharp'
import type { TSchema } from 'typebox'
import { Value } from 'typebox/value'
import {
  echoJob,
  openManager,
  signOnWorker,
  submitEcho,
  type TestManager,
  type TestWorker,
} from '../running-manager.ts'

interface Setting {
  manager: TestManager
  worker: TestWorker
  /** Sends and checks: the status is as wanted, documented, and the body fits its schema. */
  expect(id: keyof typeof operations, status: number, request?: Request): Promise<unknown>
}

interface Request {
  params?: Record<string, string>
  query?: string
  body?: unknown
  raw?: { type: string; bytes: Buffer }
  as?: TestWorker | 'nobody'
  headers?: Record<string, string>
}

async function open(t: TestContext): Promise<Setting> {
  const manager = await openManager(t)
  const worker = await signOnWorker(manager)
  return { manager, worker, expect: (...args) => expectAnswer(manager, worker, ...args) }
}

async function expectAnswer(
  manager: TestManager,
  worker: TestWorker,
  id: keyof typeof operations,
  status: number,
  request: Request = {},
): Promise<unknown> {
  const operation: { path: string; method: string; auth?: string; responses: object } =
    operations[id]
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => request.params![name]!)
  const who = request.as ?? (operation.auth === 'worker' ? worker : 'nobody')
  const body =
    request.raw?.bytes ?? (request.body === undefined ? null : JSON.stringify(request.body))
  const response = await fetch(`${manager.url}${apiBase}${path}${request.query ?? ''}`, {
    method: operation.method,
    headers: {
      ...(body === null ? {} : { 'content-type': request.raw?.type ?? 'application/json' }),
      ...(who === 'nobody' ? {} : { authorization: `Basic ${btoa(`${who.uuid}:${who.secret}`)}` }),
      ...request.headers,
    },
    body: body as never,
    signal: AbortSignal.timeout(20_000),
  })
  const text = await response.text()
  assert.equal(response.status, status, `${id}: ${text}`)
  const schema = (operation.responses as Record<number, TSchema | null | 'raw'>)[status]
  assert.notEqual(schema, undefined, `${id} does not document ${status}`)
  if (schema === null) return assert.equal(text, '', `${id} ${status} has no body`)
  if (schema === 'raw') return text
  const answer: unknown = JSON.parse(text)
  const [wrong] = Value.Errors(schema!, answer)
  assert.equal(wrong, undefined, `${id} ${status}: ${JSON.stringify(wrong)} in ${text}`)
  assert.ok(!text.includes(':null'), `${id}: Flamenco's clients know no null: ${text}`)
  return answer
}

const nobody = { as: 'nobody' } as const
const unknownId = '00000000-0000-4000-8000-000000000000'

test('every operation of the contract is served, and the OpenAPI document names it', async (t) => {
  const { manager } = await open(t)
  const response = await fetch(`${manager.url}${apiBase}/openapi3.json`)
  const { paths } = (await response.json()) as {
    paths: Record<string, Record<string, { operationId?: string }>>
  }
  const served = Object.values(paths).flatMap((path) =>
    Object.values(path).map((o) => o.operationId),
  )
  const missing = Object.keys(operations).filter((id) => !served.includes(id))
  assert.deepEqual(missing, [])
})

test('meta operations answer as documented', async (t) => {
  const { expect, manager } = await open(t)
  const version = (await expect('getVersion', 200)) as { shortversion: string }
  assert.equal(version.shortversion, '3.9-beta1')
  await expect('getFarmStatus', 200)
  await expect('getConfiguration', 200)
  await expect('checkSharedStoragePath', 200, { body: { path: manager.dir } })
  await expect('checkSharedStoragePath', 400, { body: {} })
  await expect('findBlenderExePath', 200)
  await expect('checkBlenderExePath', 200, { body: { path: '/no/such/blender' } })
  await expect('checkBlenderExePath', 400, { body: { path: 7 } })
  await expect('getConfigurationFile', 200)
  await expect('updateConfigurationFile', 204, {
    body: { _meta: { version: 3 }, manager_name: 'Ours' },
  })
  await expect('updateConfigurationFile', 400, {
    body: { _meta: { version: 3 }, task_timeout: 'soon' },
  })
  await expect('getVariables', 200, { params: { audience: 'workers', platform: 'linux' } })
  await expect('getVariables', 400, { params: { audience: 'cats', platform: 'linux' } })
  await expect('getSharedStorage', 200, { params: { audience: 'users', platform: 'windows' } })
  await expect('getSharedStorage', 400, { params: { audience: 'cats', platform: 'linux' } })
  await expect('saveSetupAssistantConfig', 400, { body: {} })
  const blender = {
    input: 'blender',
    path: '/usr/bin/blender',
    source: 'path_envvar',
    is_usable: true,
    cause: '',
  }
  await expect('saveSetupAssistantConfig', 400, {
    body: { storageLocation: '', blenderExecutable: blender },
  })
  await expect('saveSetupAssistantConfig', 204, {
    body: { storageLocation: manager.dir, blenderExecutable: blender },
  })
})

test('worker operations answer as documented', async (t) => {
  const { expect, manager, worker } = await open(t)
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
  const { expect, manager } = await open(t)
  const directory = join(manager.dir, 'renders')
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
  const listed = { params: { job_id: job.id }, query: '?stored=true' }
  const { files } = (await expect('farmJobOutputs', 200, listed)) as { files: unknown[] }
  assert.deepEqual(files, [{ frame: 1, path, task_id: uuid, ...digest }])
})

test('images of frames answer as documented', async (t) => {
  const { expect, manager } = await open(t)
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
  await until(
    async () =>
      (await manager.client.farmJobFrames({ params: { job_id: job.id } })).thumbnails.length > 0,
  )
  const info = (await expect('fetchJobLastRenderedInfo', 200, { params: { job_id: job.id } })) as {
    base: string
    suffixes: string[]
  }
  await expect('fetchGlobalLastRenderedInfo', 200)
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
  const { expect, worker } = await open(t)
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

test('job operations answer as documented', async (t) => {
  const { expect, worker } = await open(t)
  await expect('getJobTypes', 200)
  const type = (await expect('getJobType', 200, { params: { typeName: 'echo-sleep-test' } })) as {
    etag: string
  }
  await expect('getJobType', 404, { params: { typeName: 'no-such-type' } })
  await expect('submitJobCheck', 204, { body: echoJob({ type_etag: type.etag }) })
  await expect('submitJobCheck', 412, { body: echoJob({ type_etag: 'old' }) })
  await expect('submitJobCheck', 400, { body: echoJob({ settings: {} }) })
  await expect('submitJob', 412, { body: echoJob({ type_etag: 'old' }) })
  await expect('submitJob', 400, { body: echoJob({ type: 'no-such-type' }) })
  await expect('submitJob', 400, { body: { ...echoJob(), priority: '50' } })
  await expect('submitJob', 400, { body: echoJob({ worker_tag: unknownId }) })
  await expect('submitJob', 400, { body: echoJob({ initial_status: 'completed' }) })
  await expect('fetchJobs', 200)
  const job = (await expect('submitJob', 200, { body: echoJob() })) as { id: string }
  const params = { job_id: job.id }
  const unknown = { params: { job_id: unknownId } }
  await expect('fetchJobs', 200)
  await expect('fetchJob', 200, { params })
  await expect('fetchJob', 404, unknown)
  await expect('fetchJob', 400, { params: { job_id: 'x' } })
  await expect('setJobPriority', 204, { params, body: { priority: 80 } })
  await expect('setJobPriority', 400, { params, body: { priority: 101 } })
  await expect('setJobPriority', 404, { ...unknown, body: { priority: 1 } })
  await expect('setJobTag', 204, { params, body: {} })
  await expect('setJobTag', 406, { params, body: { name: 'no such tag' } })
  await expect('setJobTag', 404, { ...unknown, body: {} })
  await expect('fetchJobTasks', 200, { params })
  await expect('fetchJobTasks', 200, unknown)
  await expect('fetchJobBlocklist', 200, { params })
  await expect('removeJobBlocklist', 400, { params, body: [] })
  await expect('removeJobBlocklist', 204, {
    params,
    body: [{ worker_id: worker.uuid, task_type: 'misc' }],
  })
  const pause = { status: 'pause-requested', reason: 'test' }
  await expect('setJobStatus', 204, { params, body: pause })
  await expect('setJobStatus', 404, { ...unknown, body: pause })
  await expect('setJobStatus', 400, { params, body: { status: 'nonsense', reason: '' } })
  await expect('setJobStatus', 422, { params, body: { status: 'completed', reason: '' } })
  await expect('deleteJobWhatWouldItDo', 200, { params })
  await expect('deleteJobWhatWouldItDo', 404, unknown)
  await expect('deleteJobMass', 400, { body: {} })
  await expect('deleteJobMass', 416, { body: { last_updated_max: '2001-01-01T00:00:00Z' } })
  await expect('deleteJob', 204, { params })
  await expect('deleteJob', 404, unknown)
  await until(async () => (await expectGone(expect, params)) === true)
  await expect('submitJob', 200, { body: echoJob() })
  await expect('deleteJobMass', 204, { body: { last_updated_max: '2100-01-01T00:00:00Z' } })
})

async function expectGone(expect: Setting['expect'], params: { job_id: string }): Promise<boolean> {
  return expect('fetchJob', 404, { params }).then(
    () => true,
    () => false,
  )
}

test('task and log operations answer as documented', async (t) => {
  const { expect, manager } = await open(t)
  await submitEcho(manager)
  const { uuid } = (await expect('scheduleTask', 200)) as { uuid: string }
  const params = { task_id: uuid }
  const unknown = { params: { task_id: unknownId } }
  await expect('fetchTask', 200, { params })
  await expect('fetchTask', 404, unknown)
  await expect('fetchTask', 400, { params: { task_id: 'x' } })
  await expect('taskUpdate', 204, { params, body: { log: `${'x'.repeat(3000)}\nneedle here` } })
  const tail = await expect('fetchTaskLogTail', 200, { params })
  assert.equal(tail, 'needle here\n')
  await expect('fetchTaskLogTail', 404, unknown)
  const info = (await expect('fetchTaskLogInfo', 200, { params })) as { url: string; size: number }
  const whole = await (await fetch(`${manager.url}${info.url}`)).text()
  assert.equal(whole.length, info.size)
  await expect('fetchTaskLogInfo', 404, unknown)
  const range = await expect('farmTaskLog', 200, { params, query: `?tail=5` })
  assert.equal(range, 'here\n')
  const found = (await expect('farmTaskLogSearch', 200, { params, query: '?q=NEEDLE' })) as {
    matches: { text: string }[]
  }
  assert.deepEqual(
    found.matches.map(({ text }) => text),
    ['needle here'],
  )
  await expect('farmTaskLogSearch', 400, { params })
  await expect('setTaskStatus', 204, { params, body: { status: 'canceled', reason: 'test' } })
  await expect('setTaskStatus', 422, { params, body: { status: 'active', reason: 'test' } })
  await expect('setTaskStatus', 404, { ...unknown, body: { status: 'queued', reason: '' } })
  await expect('setTaskStatus', 400, { params, body: { status: 'nonsense', reason: '' } })
})

test('our own operations answer as documented', async (t) => {
  const { expect, manager, worker } = await open(t)
  const job = await submitEcho(manager)
  const params = { job_id: job.id }
  const unknown = { params: { job_id: unknownId } }
  await expect('farmSubmissionDefaults', 200, { query: '?platform=linux' })
  await expect('farmJobs', 200, { query: '?status=queued,active&q=ech&sort=-priority&limit=5' })
  await expect('farmJobs', 400, { query: '?status=nonsense' })
  await expect('farmJobs', 400, { query: '?limit=0' })
  await expect('farmJob', 200, { params })
  await expect('farmJob', 404, unknown)
  await expect('farmJobTasks', 200, { params, query: '?status=queued&limit=2' })
  await expect('farmJobTasks', 404, unknown)
  await expect('farmJobFrames', 200, { params })
  await expect('farmJobFrames', 404, unknown)
  await expect('farmJobWhy', 200, { params })
  await expect('farmJobWhy', 404, unknown)
  await expect('farmJobOutputs', 200, { params })
  await expect('farmJobAttempts', 200, { params })
  await expect('farmWorkers', 200, { query: '?status=awake' })
  await expect('farmWorkerAttempts', 200, { params: { worker_id: worker.uuid } })
  await expect('farmWorkerAttempts', 404, { params: { worker_id: unknownId } })
  await expect('farmAttention', 200)
  await expect('farmAcknowledgeAttention', 404, { params: { item_id: 'none' } })
  await expect('farmHealth', 200)
  const { uuid } = (await expect('scheduleTask', 200)) as { uuid: string }
  await expect('farmTaskAttempts', 200, { params: { task_id: uuid } })
  await expect('farmTaskAttempts', 404, { params: { task_id: randomUUID() } })
})

test('an address that is not there is a 404 with a message', async (t) => {
  const { manager } = await open(t)
  const response = await fetch(`${manager.url}${apiBase}/no/such/thing`)
  assert.equal(response.status, 404)
  assert.equal(typeof ((await response.json()) as { message: string }).message, 'string')
})

async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 20_000
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('it did not come to pass in time')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
