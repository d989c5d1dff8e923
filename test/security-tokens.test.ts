import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { makeProject } from '@shaman-farm/bin/demo-project'
import { apiBase, createManagerClient, operations } from '@shaman-farm/manager-api'
import { eventually, type Farm, needs, runFarm, startFarm } from './farm.ts'
import { makeToken, rawRequest } from './security.ts'

const echo = {
  name: 'echo',
  type: 'echo-sleep-test',
  priority: 50,
  submitter_platform: 'linux',
  settings: { message: 'hello', sleep_duration_seconds: 0, sleep_repeats: 1 },
}

/** A certificate for this machine alone, and the key to it. */
function makeCertificate(t: TestContext): { cert: string; key: string } {
  const dir = mkdtempSync(join(tmpdir(), 'farm-tls-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  const [cert, key] = [join(dir, 'cert.pem'), join(dir, 'key.pem')]
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
      ...['-days', '2', '-keyout', key, '-out', cert],
    ],
    { stdio: 'ignore' },
  )
  return { cert, key }
}

test('studio mode: over HTTPS, with tokens, an artist submits and an enrolled worker without the storage renders', async (t) => {
  if (!needs(t, 'blender', 'ffmpeg', 'openssl')) return
  const { cert, key } = makeCertificate(t)
  const env = { NODE_EXTRA_CA_CERTS: cert }
  const farm = await startFarm(t, {
    config: `auth: tokens\ntls: {cert: ${cert}, key: ${key}}\n`,
    env,
  })
  assert.match(farm.url, /^https:/)
  const data = join(farm.dir, 'manager')
  const [artist, worker] = [
    await makeToken(data, 'artist', 'anna'),
    await makeToken(data, 'worker'),
  ]
  farm.startWorker('w', ['--storage', 'pull', '--token', worker])
  const project = await makeProject({ into: join(farm.dir, 'project') })
  const submit = ['submit', project.blend, '--manager', farm.url, '--frames', '1', '--json']
  const refused = await runFarm([...submit, '--missing', 'fail'], env)
  assert.notEqual(refused.exitCode, 0, 'without a token')
  assert.match(refused.stdout, /"event":"error".*token/i)
  const sent = await runFarm([...submit, '--missing', 'fail', '--token', artist], env)
  assert.equal(sent.exitCode, 0, sent.stdout)
  const withToken = { ...env, FARM_TOKEN: artist }
  const { job } = JSON.parse(sent.stdout.split('\n').at(-1) ?? '') as { job: { id: string } }
  const command = (...args: string[]) =>
    runFarm(['job', ...args, '--manager', farm.url, '--json'], withToken)
  await eventually('the job to end', async () => {
    const shown = await command('show', job.id)
    const { status, activity } = JSON.parse(shown.stdout) as { status: string; activity: string }
    assert.notEqual(status, 'failed', activity)
    return status === 'completed'
  })
  const outputs = JSON.parse((await command('outputs', job.id)).stdout) as {
    files: { path: string }[]
  }
  assert.ok((await stat(outputs.files[0]!.path)).size > 0)
  assert.match((await command('log', job.id)).stdout, /Blender|ffmpeg/i)
})

async function startGuarded(t: TestContext): Promise<Farm & { admin: string; data: string }> {
  const farm = await startFarm(t, { config: 'auth: tokens\n' })
  const data = join(farm.dir, 'manager')
  return Object.assign(farm, { data, admin: await makeToken(data, 'admin', 'root') })
}

test('a worker without an enrolment token works only after somebody let it in', async (t) => {
  const farm = await startGuarded(t)
  const admin = createManagerClient({ url: farm.url, token: farm.admin })
  await admin.submitJob({ body: echo })
  farm.startWorker('stranger')
  const waiting = await eventually('the worker to ask', async () => {
    const listed = await runFarm(['enrolments', 'list', '--data', farm.data, '--json'])
    if (listed.stdout === '') return undefined
    return JSON.parse(listed.stdout) as { worker_id: string; name: string }
  })
  assert.equal(waiting.name, 'stranger')
  await eventually('it to sleep', async () => {
    const { workers } = await admin.fetchWorkers()
    return workers[0]?.status === 'asleep'
  })
  assert.equal((await admin.fetchJobs()).jobs[0]!.status, 'queued')
  const approve = ['enrolments', 'approve', waiting.worker_id, '--manager', farm.url]
  assert.notEqual((await runFarm(approve)).exitCode, 0, 'without a token')
  const approved = await runFarm(approve, { FARM_TOKEN: farm.admin })
  assert.equal(approved.exitCode, 0, approved.stderr)
  await eventually('the job to end', async () => {
    return (await admin.fetchJobs()).jobs[0]!.status === 'completed'
  })
  const audited = await runFarm(['audit', '--who', 'root', '--data', farm.data, '--json'])
  assert.match(audited.stdout, /"operation":"farmApproveWorker"/)
  assert.match(audited.stdout, /"operation":"submitJob"/)
})

test('a revoked token ends at once, also for tickets made with it', async (t) => {
  const farm = await startGuarded(t)
  const artist = await makeToken(farm.data, 'artist', 'anna')
  const anna = createManagerClient({ url: farm.url, token: artist })
  const { ticket } = await anna.farmAuthTicket()
  const read = () => rawRequest(farm.url, `${apiBase}/jobs?ticket=${ticket}`)
  assert.equal((await read()).status, 200)
  const write = await rawRequest(farm.url, `${apiBase}/jobs?ticket=${ticket}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(echo),
  })
  assert.equal(write.status, 401, 'a ticket is for reading')
  const listed = await runFarm(['token', 'list', '--data', farm.data, '--json'])
  const tokens = listed.stdout
    .split('\n')
    .map((line) => JSON.parse(line) as { id: string; name: string })
  const { id } = tokens.find(({ name }) => name === 'anna')!
  assert.equal((await runFarm(['token', 'revoke', id, '--data', farm.data])).exitCode, 0)
  await assert.rejects(anna.fetchJobs(), { status: 401 })
  assert.equal((await read()).status, 401)
})

test('no secret reaches a log, the database, the audit log or an answer of the API', async (t) => {
  const farm = await startFarm(t, {
    config:
      'auth: tokens\nmqtt: {client: {enabled: false, broker: "mqtt://127.0.0.1:1", password: hunter2secret}}\nwebhooks: {chat: {url: "http://127.0.0.1:1/", secret: hook2secret}}\n',
  })
  const data = join(farm.dir, 'manager')
  const [adminToken, enrolToken] = [await makeToken(data, 'admin'), await makeToken(data, 'worker')]
  const admin = createManagerClient({ url: farm.url, token: adminToken })
  farm.startWorker('w', ['--token', enrolToken, '--log-level', 'trace', '--json'])
  const { ticket } = await admin.farmAuthTicket()
  const { token: annas } = await admin.farmCreateToken({ body: { name: 'anna', role: 'artist' } })
  await admin.submitJob({ body: echo })
  await eventually('the job to end', async () => {
    return (await admin.fetchJobs()).jobs[0]!.status === 'completed'
  })
  await admin.farmChangeConfig({ body: { mqtt: { client: { password: 'second2secret' } } } })
  await admin.farmChangeConfig({ body: { webhooks: { chat: { secret: 'hook3secret' } } } })
  await rawRequest(farm.url, `${apiBase}/jobs?ticket=${ticket}`)
  await rawRequest(farm.url, `${apiBase}/jobs`, { headers: { authorization: `Bearer ${annas}x` } })
  const credentials = await readFile(join(farm.dir, 'w', 'worker-credentials.yaml'), 'utf8')
  const workerSecret = /worker_secret: (\S+)/.exec(credentials)![1]!
  const secretOf = (token: string): string => token.split('_').slice(2).join('_')
  const secrets = {
    'token of an admin': secretOf(adminToken),
    'enrolment token': secretOf(enrolToken),
    'token made over the network': secretOf(annas),
    "worker's secret": workerSecret,
    'password in the configuration': 'hunter2secret',
    'password patched in': 'second2secret',
    'secret of a webhook': 'hook2secret',
    'secret of a webhook patched in': 'hook3secret',
    ticket,
  }
  const [job] = (await admin.fetchJobs()).jobs
  const [worker] = (await admin.fetchWorkers()).workers
  const [task] = (await admin.fetchJobTasks({ params: { job_id: job!.id } })).tasks
  const ids = { job_id: job!.id, task_id: task!.id, worker_id: worker!.id, typeName: job!.type }
  const places: [string, string][] = [['the logs', farm.log.join('\n')]]
  for (const [id, operation] of Object.entries(operations)) {
    if (operation.method !== 'GET' || 'auth' in operation || id === 'farmEvents') continue
    const params = { audience: 'users', platform: 'linux', tag_id: job!.id, ...ids }
    const path = operation.path.replace(
      /\{(\w+)\}/g,
      (_, name: keyof typeof params) => params[name],
    )
    const headers = { authorization: `Bearer ${adminToken}` }
    places.push([id, (await rawRequest(farm.url, `${apiBase}${path}`, { headers })).text])
  }
  for (const file of await readdir(data)) {
    if (file.includes('.sqlite')) places.push([file, readFileSync(join(data, file), 'latin1')])
  }
  for (const [place, text] of places) {
    for (const [what, secret] of Object.entries(secrets)) {
      assert.ok(!text.includes(secret), `${place} tells the ${what}`)
    }
  }
  assert.ok(places.length > 40)
})
