import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createManagerClient } from '@shaman-farm/manager-api'
import { eventually, type Farm, startFarm } from './farm.ts'
import { rawBytes, rawRequest, renderInto, workerWithTask } from './security.ts'

const api = '/api/v3'
const store = `${api}/shaman`
const json = { 'content-type': 'application/json' }
const secretText = 'only the owner of this machine reads this'

interface Prey {
  farm: Farm
  /** Beside the storage and the manager's data; nobody has any business there. */
  dir: string
}

async function openPrey(t: TestContext): Promise<Prey> {
  const farm = await startFarm(t)
  const dir = join(farm.dir, 'prey')
  await mkdir(dir)
  await writeFile(join(dir, 'secret.txt'), secretText)
  return { farm, dir }
}

async function assertUntouched({ dir }: Prey): Promise<void> {
  assert.deepEqual(await readdir(dir), ['secret.txt'])
  assert.equal(await readFile(join(dir, 'secret.txt'), 'utf8'), secretText)
}

/** Ways up and out, for a segment or the rest of a path. */
const waysOut = [
  '../prey/secret.txt',
  '../../prey/secret.txt',
  '..%2fprey%2fsecret.txt',
  '%2e%2e/%2e%2e/prey/secret.txt',
  '..%2f..%2f..%2fprey%2fsecret.txt',
  '..%5c..%5cprey%5csecret.txt',
  '....//....//prey/secret.txt',
  '%252e%252e%252fprey%252fsecret.txt',
  '..%c0%af..%c0%afprey%c0%afsecret.txt',
  '%2fetc%2fpasswd',
  '//etc/passwd',
  'x%00.png',
]

test('traversal: no address that takes a path leads out', async (t) => {
  const prey = await openPrey(t)
  const sha = 'a'.repeat(64)
  const addresses: [method: string, before: string, after: string][] = [
    ['GET', '/app/', ''],
    ['GET', '/app/assets/', ''],
    ['GET', '/job-files/', ''],
    ['GET', '/docs/', ''],
    ['GET', '/addon/', ''],
    ['GET', `${api}/swagger-ui/static/`, ''],
    ['GET', `${api}/farm/pack-tool/files/`, ''],
    ['GET', `${api}/jobs/type/`, ''],
    ['GET', `${api}/jobs/`, ''],
    ['GET', `${api}/tasks/`, '/log'],
    ['GET', `${api}/farm/tasks/`, '/log'],
    ['GET', `${api}/configuration/variables/`, '/linux'],
    ['GET', `${store}/files/`, '/41'],
    ['POST', `${store}/files/`, '/41'],
    ['GET', `${store}/x/blobs/`, '/41'],
    ['GET', `${store}/x/blobs/${sha}/`, ''],
    ['DELETE', `${store}/x/uploads/${sha}/41/`, ''],
    ['PATCH', `${store}/x/uploads/${sha}/41/`, ''],
    ['POST', `${store}/x/splice/`, '/41'],
    ['GET', `${store}/x/chunkmap/`, '/41'],
    ['GET', `${store}/x/checkouts/`, ''],
    ['GET', `${store}/x/checkouts/`, '/manifest'],
    ['GET', `${store}/x/checkouts/`, '/tar'],
    ['GET', `${store}/x/checkouts/`, '/diff'],
    ['DELETE', `${store}/x/checkouts/`, ''],
    ['PUT', `${store}/x/checkouts/`, '/pin'],
    ['DELETE', `${store}/x/claims/`, ''],
    ['GET', `${store}/x/gc/plans/`, ''],
    ['POST', `${store}/x/gc/trash/`, '/undo'],
  ]
  for (const [method, before, after] of addresses) {
    for (const way of waysOut) {
      const path = `${before}${way}${after}`
      const body = method === 'GET' || method === 'DELETE' ? {} : { body: '{}', headers: json }
      const answer = await rawRequest(prey.farm.url, path, { method, ...body })
      assert.ok(!answer.text.includes(secretText), `${method} ${path} told the secret`)
      assert.ok(!/^root:/m.test(answer.text), `${method} ${path} told of users`)
      assert.ok(answer.status < 500, `${method} ${path}: ${answer.status} ${answer.text}`)
    }
  }
  await assertUntouched(prey)
})

const badPaths = [
  '../prey/secret.txt',
  'a/../../prey/secret.txt',
  '/etc/passwd',
  'C:/Windows/system.ini',
  'a\\..\\..\\prey\\secret.txt',
  'a/\u0000b',
  'a//b',
  './a',
  'CON',
  'a/.',
  '\ud800',
]

test('traversal: no request with a path in its body leads out', async (t) => {
  const prey = await openPrey(t)
  const post = (path: string, body: unknown) =>
    rawRequest(prey.farm.url, path, { method: 'POST', headers: json, body: JSON.stringify(body) })
  const bytes = 'x'
  const sha = createHash('sha256').update(bytes).digest('hex')
  const octets = { 'content-type': 'application/octet-stream' }
  await rawRequest(prey.farm.url, `${store}/files/${sha}/1`, {
    method: 'POST',
    headers: octets,
    body: bytes,
  })
  for (const path of badPaths) {
    const files = [{ sha, size: 1, path }]
    const made = await post(`${store}/checkout/create`, { files, checkoutPath: 'here' })
    assert.equal(made.status, 400, `file ${JSON.stringify(path)}: ${made.text}`)
    if (path === 'CON') continue // mended in a checkout's name
    const inside = [{ sha, size: 1, path: 'ok.txt' }]
    const placed = await post(`${store}/checkout/create`, { files: inside, checkoutPath: path })
    assert.equal(placed.status, 400, `checkout ${JSON.stringify(path)}: ${placed.text}`)
    const traced = await post(`${api}/farm/trace`, { checkout_id: path, blend: path })
    assert.ok(traced.status >= 400 && traced.status < 500, `trace ${path}: ${traced.text}`)
  }
  // A job may name any folder as its checkout; deleting the job must not delete the folder.
  for (const id of ['../prey', '../../prey', '/', '.', '']) {
    const job = await post(`${api}/jobs`, {
      name: 'thief',
      type: 'echo-sleep-test',
      priority: 50,
      submitter_platform: 'linux',
      settings: { message: 'x', sleep_duration_seconds: 0, sleep_repeats: 1 },
      storage: { shaman_checkout_id: id },
    })
    if (job.status === 200) {
      const { id: job_id } = JSON.parse(job.text) as { id: string }
      await prey.farm.api.deleteJob({ params: { job_id } })
      await eventually('the job is gone', async () => {
        const { status } = await rawRequest(prey.farm.url, `${api}/jobs/${job_id}`)
        return status === 404
      })
    }
  }
  assert.ok((await readdir(join(prey.farm.dir, 'storage'))).includes('file-store'))
  await assertUntouched(prey)
})

test('a worker cannot hand over files for a place outside its job', async (t) => {
  const prey = await openPrey(t)
  const { farm } = prey
  const { api: open } = farm
  const { worker, task } = await workerWithTask(open)
  const sha = createHash('sha256').update('x').digest('hex')
  for (const path of [join(prey.dir, 'secret.txt'), '/etc/cron.d/x', '../../prey/secret.txt']) {
    await assert.rejects(
      worker.farmTaskOutputs({
        params: { task_id: task.uuid },
        body: { files: [{ path, sha, size: 1 }] },
      }),
      { status: 400 },
      path,
    )
  }
  await assertUntouched(prey)
})

test('a job whose output folder lies elsewhere neither has files written there nor read from there', async (t) => {
  const prey = await openPrey(t)
  const { farm, dir } = prey
  const secret = join(dir, 'secret.txt')
  const sha = createHash('sha256').update('x').digest('hex')
  await rawRequest(farm.url, `${store}/files/${sha}/1`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: 'x',
  })
  const places = [dir, join(farm.dir, 'storage/file-store'), join(farm.dir, 'storage/jobs')]
  for (const place of places) {
    const { worker, task, jobId } = await workerWithTask(farm.api, renderInto(place))
    const params = { task_id: task.uuid }
    const files = [{ path: join(place, 'new.txt'), sha, size: 1, frame: 1 }]
    await assert.rejects(worker.farmTaskOutputs({ params, body: { files } }), {
      status: 400,
    })
    assert.ok(!existsSync(join(place, 'new.txt')), place)
    // The two ways to make the manager believe that a file there is a frame.
    const told = [{ path: secret, sha, size: 1, frame: 1, written: true }]
    await worker.farmTaskOutputs({ params, body: { files: told } }).catch(() => undefined)
    const frames = [{ frame: 1, status: 'completed' as const, file: secret }]
    await worker.taskUpdate({ params, body: { frames, taskStatus: 'completed' } })
    const { text } = await rawRequest(farm.url, `${api}/farm/jobs/${jobId}/outputs.tar`)
    assert.ok(!text.includes(secretText), place)
    await assert.rejects(farm.api.farmStoreJobOutputs({ params: { job_id: jobId } }))
  }
  await assertUntouched(prey)
})

test('worker impersonation: another secret, another worker, and guessing get nowhere', async (t) => {
  const farm = await startFarm(t)
  const registered = async (name: string) => {
    const body = { secret: `${name}'s`, platform: 'linux', supported_task_types: ['misc'], name }
    const { uuid } = await farm.api.registerWorker({ body })
    const worker = { uuid, secret: body.secret }
    const client = createManagerClient({ url: farm.url, worker })
    await client.signOn({ body: { name, supported_task_types: ['misc'], software_version: '1' } })
    await client.workerStateChanged({ body: { status: 'awake' } })
    return { ...worker, client }
  }
  const anna = await registered('anna')
  const ben = await registered('ben')
  await farm.api.submitJob({
    body: {
      name: 'j',
      type: 'echo-sleep-test',
      priority: 50,
      submitter_platform: 'linux',
      settings: { message: 'x', sleep_duration_seconds: 0, sleep_repeats: 1 },
    },
  })
  const task = (await anna.client.scheduleTask())!
  const done = { params: { task_id: task.uuid }, body: { taskStatus: 'completed' as const } }
  await assert.rejects(ben.client.taskUpdate(done), { status: 409 })
  const liar = createManagerClient({
    url: farm.url,
    worker: { uuid: anna.uuid, secret: ben.secret },
  })
  await assert.rejects(liar.taskUpdate(done), { status: 403 })
  const strangers = ["' OR 1=1 --", `${anna.uuid}%`, '*', '']
  for (const uuid of strangers) {
    const stranger = createManagerClient({ url: farm.url, worker: { uuid, secret: anna.secret } })
    await assert.rejects(stranger.signOff(), { status: 403 }, uuid)
  }
  const statuses = new Set<number>()
  for (let guess = 0; guess < 30; guess += 1) {
    const worker = { uuid: anna.uuid, secret: `guess ${guess}` }
    const guesser = createManagerClient({ url: farm.url, worker })
    statuses.add((await guesser.request('workerState')).status)
  }
  assert.deepEqual([...statuses], [403, 429])
  // Who was right before is not shut out by those who are wrong, from the same address even.
  await anna.client.taskUpdate(done)
})

test('header injection: a name becomes no header of an answer', async (t) => {
  const { url, api: farm } = await startFarm(t)
  const sha = createHash('sha256').update('x').digest('hex')
  await rawRequest(url, `${store}/files/${sha}/1`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: 'x',
  })
  const evil = 'a\r\nx-evil: 1\r\n\r\n<script>"'
  const create = (checkoutPath: string) =>
    rawRequest(url, `${store}/checkout/create`, {
      method: 'POST',
      headers: json,
      body: JSON.stringify({ files: [{ sha, size: 1, path: 'x' }], checkoutPath }),
    })
  assert.equal((await create(evil)).status, 400)
  assert.equal((await create('quotes " and ünïcode')).status, 200)
  const tar = await rawRequest(
    url,
    `${store}/x/checkouts/${encodeURIComponent('quotes " and ünïcode')}/tar`,
  )
  assert.equal(tar.status, 200)
  assert.match(
    String(tar.headers['content-disposition']),
    /^attachment; filename\*=UTF-8''[\w%.-]+$/,
  )
  const job = await farm.submitJob({
    body: {
      name: evil,
      type: 'echo-sleep-test',
      priority: 50,
      submitter_platform: 'linux',
      settings: { message: evil, sleep_duration_seconds: 0, sleep_repeats: 1 },
    },
  })
  const addresses = [
    `${api}/jobs/${job.id}`,
    `${api}/farm/jobs/${job.id}`,
    `${api}/farm/jobs/${job.id}/outputs.tar`,
    `/app/${encodeURIComponent(evil)}`,
    `/${encodeURIComponent(evil)}`,
  ]
  for (const path of addresses) {
    const answer = await rawRequest(url, path)
    assert.equal(answer.headers['x-evil'], undefined, path)
    assert.ok(answer.status < 500, `${path}: ${answer.status}`)
  }
})

test('request smuggling: two lengths, or a length and chunks, are refused', async (t) => {
  const { url } = await startFarm(t)
  const head = `POST ${api}/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`
  for (const lengths of [
    'Content-Length: 2\r\nContent-Length: 40\r\n',
    'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n',
    'Transfer-Encoding: chunked, identity\r\n',
  ]) {
    const answer = await rawBytes(url, `${head}${lengths}\r\n{}`)
    assert.match(answer, /^HTTP\/1\.1 400/, lengths)
  }
})

test('large bodies are refused before they are read', async (t) => {
  const { url } = await startFarm(t)
  const answer = await rawBytes(
    url,
    `POST ${api}/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\nConnection: close\r\n\r\n{`,
  )
  assert.match(answer, /^HTTP\/1\.1 413/)
})
