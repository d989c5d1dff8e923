import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { apiBase } from '@shaman-farm/manager-api'
import { eventually, needs, startFarm } from './farm.ts'

const documented = join(import.meta.dirname, '../docs/nginx.conf')

interface Proxy {
  port: number
  ask(path: string, options?: { method?: string; headers?: Record<string, string> }): ClientRequest
}

/** nginx with the configuration that the documentation gives, its four names filled in. */
async function startNginx(t: TestContext, managerPort: string): Promise<Proxy> {
  const dir = await mkdtemp(join(tmpdir(), 'farm-nginx-'))
  const port = await freePort()
  const [cert, key] = [join(dir, 'cert.pem'), join(dir, 'key.pem')]
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-subj', '/CN=farm.studio.example', '-addext', 'subjectAltName=DNS:farm.studio.example'],
      ...['-days', '2', '-keyout', key, '-out', cert],
    ],
    { stdio: 'ignore' },
  )
  const server = (await readFile(documented, 'utf8'))
    .replace('LISTEN', `127.0.0.1:${port}`)
    .replace('SERVER_NAME', 'farm.studio.example')
    .replace('CERTIFICATE_KEY', key)
    .replace('CERTIFICATE', cert)
    .replace('127.0.0.1:8080', `127.0.0.1:${managerPort}`)
  const temps = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${dir}/${name};`,
  )
  await writeFile(
    join(dir, 'nginx.conf'),
    `daemon off; pid ${dir}/pid; error_log stderr warn; events {}\nhttp { access_log off; ${temps.join(' ')}\n${server}}\n`,
  )
  const nginx: ChildProcess = spawn('nginx', ['-p', dir, '-c', join(dir, 'nginx.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let complaints = ''
  nginx.stderr!.on('data', (chunk) => {
    complaints += chunk
  })
  t.after(async () => {
    if (nginx.exitCode === null) {
      nginx.kill('SIGTERM')
      await once(nginx, 'exit')
    }
    await rm(dir, { recursive: true, force: true })
  })
  const ca = await readFile(cert)
  const proxy: Proxy = {
    port,
    ask: (path, { method = 'GET', headers = {} } = {}) =>
      request({
        host: '127.0.0.1',
        port,
        path,
        method,
        ca,
        servername: 'farm.studio.example',
        headers: { host: `farm.studio.example:${port}`, ...headers },
        timeout: 30_000,
      }),
  }
  await eventually('nginx to answer', async () => {
    assert.equal(nginx.exitCode, null, complaints)
    return answerOf(proxy.ask('/healthz').end()).then(
      () => true,
      () => false,
    )
  })
  return proxy
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function answerOf(call: ClientRequest): Promise<{ status: number; text: string }> {
  const [response] = (await once(call, 'response')) as [IncomingMessage]
  let text = ''
  for await (const chunk of response) text += chunk
  return { status: response.statusCode!, text }
}

test('behind nginx as documented, uploads stream, events arrive at once, and clients keep their addresses', async (t) => {
  if (!needs(t, 'nginx', 'openssl')) return
  const farm = await startFarm(t, {
    config: 'allowed_hosts: [farm.studio.example]\ntrusted_proxies: [127.0.0.1]\n',
  })
  const proxy = await startNginx(t, new URL(farm.url).port)
  const origin = { origin: `https://farm.studio.example:${proxy.port}` }
  assert.equal((await answerOf(proxy.ask('/app/', { headers: origin }).end())).status, 200)

  const events = proxy.ask(`${apiBase}/farm/events?topics=jobs`).end()
  const [stream] = (await once(events, 'response')) as [IncomingMessage]
  t.after(() => events.destroy())
  let heard = ''
  stream.on('data', (chunk) => {
    heard += chunk
  })
  const json = { 'content-type': 'application/json' }
  const body = JSON.stringify({
    name: 'through the proxy',
    type: 'echo-sleep-test',
    priority: 50,
    submitter_platform: 'linux',
    settings: { message: 'x', sleep_duration_seconds: 0, sleep_repeats: 1 },
  })
  const submit = proxy.ask(`${apiBase}/jobs`, { method: 'POST', headers: { ...json, ...origin } })
  assert.equal((await answerOf(submit.end(body))).status, 200)
  await eventually('the event', async () => heard.includes('through the proxy'), { seconds: 20 })

  const bytes = Buffer.alloc(24 << 20, 'shaman')
  const blob = `${createHash('sha256').update(bytes).digest('hex')}/${bytes.length}`
  const upload = proxy.ask(`${apiBase}/shaman/files/${blob}`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream', 'content-length': String(bytes.length) },
  })
  const answer = answerOf(upload)
  upload.write(bytes.subarray(0, 20 << 20))
  await eventually('the manager to see the upload before it is whole', async () => {
    const told = await answerOf(proxy.ask(`${apiBase}/shaman/files/${blob}`).end())
    return told.text.includes('uploading')
  })
  upload.end(bytes.subarray(20 << 20))
  assert.equal((await answer).status, 204)

  const { entries } = await farm.api.farmAudit()
  assert.deepEqual(
    entries.map(({ operation, address }) => [operation, address]),
    [['submitJob', '127.0.0.1']],
  )
  assert.equal(
    (await answerOf(proxy.ask('/app/', { headers: { host: 'evil.example' } }).end())).status,
    421,
  )
})
