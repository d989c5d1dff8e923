import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createManagerClient } from '@shaman-farm/manager-api'
import { execa } from 'execa'
import { eventually, farmCommand } from './farm.ts'
import { makeToken } from './security.ts'

test('a farm comes up with dashboard and worker, and Ctrl-C stops all of it', async (t) => {
  const farm = await startUp(t)
  const dashboard = await fetch(`${farm.url}/app/`, { signal: AbortSignal.timeout(10_000) })
  assert.equal(dashboard.status, 200)
  assert.match(await dashboard.text(), /<div id="/)
  const worker = (await farm.api.fetchWorkers()).workers[0]
  assert.ok(worker)

  farm.process.kill('SIGINT')
  const result = await farm.process
  assert.equal(result.exitCode, 0, result.all)
  assert.match(
    result.all ?? '',
    /dashboard {2}\S+\/app\/welcome\n/,
    'a new farm begins with its set-up',
  )
  assert.deepEqual(processesOf(farm.dir), [])
})

test('a farm that asks for tokens lets the worker of its own computer in', async (t) => {
  const farm = await startUp(t, { config: 'auth: tokens\n' })
  assert.ok(await farm.awake())
  await assert.rejects(farm.api.fetchWorkers(), { status: 401 })
})

test('a farm whose main process is killed leaves nothing running', async (t) => {
  if (process.platform !== 'linux') return t.skip('reads the process table of Linux')
  const farm = await startUp(t)
  assert.notDeepEqual(processesOf(farm.dir), [])
  farm.process.kill('SIGKILL')
  await farm.process
  await eventually('its children to leave', async () => processesOf(farm.dir).length === 0, {
    seconds: 30,
  })
})

async function startUp(t: TestContext, { config }: { config?: string } = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'farm-up-'))
  const port = await freePort()
  if (config) {
    await mkdir(join(dir, 'manager'))
    const file = join(dir, 'manager', 'flamenco-manager.yaml')
    await writeFile(file, `_meta: {version: 3}\n${config}`)
  }
  const child = execa(
    process.execPath,
    [
      ...['--no-node-snapshot', farmCommand, 'up', '--no-open'],
      ...['--port', String(port), '--data', dir, '--workers', '1'],
    ],
    { reject: false, all: true, stdin: 'ignore' },
  )
  t.after(async () => {
    child.kill('SIGKILL')
    await child
    await rm(dir, { recursive: true, force: true, maxRetries: 5 })
  })
  const url = `http://127.0.0.1:${port}`
  const api = createManagerClient({ url, timeoutMs: 2000 })
  let token = ''
  const awake = () =>
    eventually('a worker that is awake', async () => {
      if (config) token ||= await makeToken(join(dir, 'manager'), 'artist').catch(() => '')
      const asking = token ? createManagerClient({ url, token, timeoutMs: 2000 }) : api
      const { workers } = await asking.fetchWorkers().catch(() => ({ workers: [] }))
      return workers.some((worker) => worker.status === 'awake')
    })
  await awake()
  return { process: child, dir, url, api, awake }
}

/** Command lines of running processes that name the folder. */
function processesOf(dir: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      } catch {
        return ''
      }
    })
    .filter((line) => line.includes(dir))
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
