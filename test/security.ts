import { existsSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import type { TestContext } from 'node:test'
import {
  createManagerClient,
  type ManagerClient,
  type SubmittedJob,
} from '@shaman-farm/manager-api'
import { type Browser, chromium } from 'playwright-core'
import { runFarm } from './farm.ts'

export interface RawAnswer {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
}

export interface RawRequest {
  method?: string
  headers?: Record<string, string>
  body?: string | Buffer
}

/** As an attacker writes it: no client cleans the path up first. */
export function rawRequest(url: string, path: string, given: RawRequest = {}): Promise<RawAnswer> {
  const { hostname, port } = new URL(url)
  const { method = 'GET', headers = {}, body } = given
  return new Promise((resolve, reject) => {
    const call = request({ hostname, port, path, method, headers, timeout: 20_000 })
    call.on('response', async (response) => {
      const chunks: Buffer[] = []
      for await (const chunk of response) chunks.push(chunk as Buffer)
      resolve({
        status: response.statusCode!,
        headers: response.headers,
        text: Buffer.concat(chunks).toString('latin1'),
      })
    })
    call.on('timeout', () => call.destroy(new Error(`no answer to ${method} ${path}`)))
    call.on('error', reject)
    call.end(body)
  })
}

/** A whole request in bytes, for what node:http refuses to send. */
export function rawBytes(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(Number(port), hostname, () => socket.write(bytes))
    socket.setTimeout(20_000, () => socket.destroy(new Error('no answer')))
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1')
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(answer))
  })
}

/** A token, made as on the manager's machine. */
export async function makeToken(dataDir: string, role: string, name = role): Promise<string> {
  const made = await runFarm([
    ...['token', 'create', '--role', role, '--name', name],
    ...['--data', dataDir, '--json'],
  ])
  if (made.exitCode !== 0) throw new Error(made.stderr)
  return (JSON.parse(made.stdout) as { token: string }).token
}

/** Undefined, and the test is skipped aloud, where there is no browser; CI must have one. */
export async function openBrowser(
  t: TestContext,
  args: readonly string[] = [],
): Promise<Browser | undefined> {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
  if (!existsSync(executablePath)) {
    if (process.env.CI) throw new Error(`no Chromium at ${executablePath}`)
    t.skip(`no Chromium at ${executablePath}`)
    return undefined
  }
  const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', ...args]
  const browser = await chromium.launch({ executablePath, args: flags })
  t.after(() => browser.close())
  return browser
}

/** A worker with a task in hand, as far as the manager knows. */
export async function workerWithTask(open: ManagerClient, job: SubmittedJob = sleepJob) {
  const types = ['misc', 'blender']
  const { uuid } = await open.registerWorker({
    body: { secret: 'mine', platform: 'linux', supported_task_types: types, name: 'w' },
  })
  const worker = createManagerClient({ url: open.url, worker: { uuid, secret: 'mine' } })
  await worker.signOn({ body: { name: 'w', supported_task_types: types, software_version: '1' } })
  await worker.workerStateChanged({ body: { status: 'awake' } })
  const { id } = await open.submitJob({ body: job })
  return { worker, task: (await worker.scheduleTask())!, jobId: id }
}

const sleepJob: SubmittedJob = {
  name: 'j',
  type: 'echo-sleep-test',
  priority: 50,
  submitter_platform: 'linux',
  settings: { message: 'x', sleep_duration_seconds: 0, sleep_repeats: 1 },
}

/** A job of one frame, which goes into that folder. */
export function renderInto(folder: string): SubmittedJob {
  return {
    name: 'r',
    type: 'simple-blender-render',
    priority: 50,
    submitter_platform: 'linux',
    settings: {
      ...{ blendfile: '/x.blend', frames: '1', chunk_size: 1, fps: 24, scene: 'Scene' },
      ...{ render_output_root: folder, render_output_path: `${folder}/######` },
      ...{ format: 'PNG', image_file_extension: '.png' },
    },
  }
}
