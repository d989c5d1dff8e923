import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createManagerClient, type ManagerClient, ManagerError } from '@shaman-farm/manager-api'
import { signOnWorker, submitEcho, type TestWorker } from './running-manager.ts'

const kills = Number(process.env.FARM_KILLS ?? 2)
const workers = Number(process.env.FARM_KILL_WORKERS ?? 8)
const jobs = 4
const sleepsPerJob = Number(process.env.FARM_KILL_SLEEPS ?? 15)

interface Process {
  child: ChildProcess
  url: string
}

test('killed at any moment, the manager loses no task and no line that a worker was told is stored', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'farm-kill-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  let manager = await start(t, dir, 0)
  const { port } = new URL(manager.url)
  const client = createManagerClient({ url: manager.url, timeoutMs: 5_000 })
  const ids: string[] = []
  for (let i = 0; i < jobs; i += 1) {
    const settings = { message: 'm', sleep_duration_seconds: 0, sleep_repeats: sleepsPerJob }
    ids.push((await submitEcho({ client }, { settings })).id)
  }
  const stored = new Map<string, string[]>()
  let isOver = false
  const crew = await Promise.all(
    Array.from({ length: workers }, (_, i) =>
      signOnWorker({ url: manager.url, client }, { name: `w${i}` }),
    ),
  )
  const working = crew.map((worker) => work(worker, stored, () => isOver))
  for (let i = 0; i < kills; i += 1) {
    await sleep(150 + Math.random() * 400)
    manager.child.kill('SIGKILL')
    await once(manager.child, 'exit')
    manager = await start(t, dir, Number(port))
  }
  await untilCompleted(client, ids)
  isOver = true
  await Promise.all(working)
  for (const id of ids) await checkJob(client, id, stored)
})

/** Takes tasks, logs two numbered lines each and reports; repeats with the same number what was not answered. */
async function work(
  { client, uuid }: TestWorker,
  stored: Map<string, string[]>,
  isOver: () => boolean,
): Promise<void> {
  let seq = 0
  while (!isOver()) {
    const task = await insist(() => client.scheduleTask(), isOver)
    if (!task) {
      await sleep(50)
      continue
    }
    for (const part of ['first', 'second']) {
      seq += 1
      const line = `${part} line ${seq} of ${uuid}`
      const body = { log: line, ...(part === 'second' ? { taskStatus: 'completed' as const } : {}) }
      const headers = { 'x-farm-update-seq': String(seq) }
      const answer = await insist(
        () => client.taskUpdate({ params: { task_id: task.uuid }, body, headers }).then(() => 'ok'),
        isOver,
      )
      if (answer !== 'ok') break
      stored.set(task.uuid, [...(stored.get(task.uuid) ?? []), line])
    }
  }
}

/** Until there is an answer; a refusal is one. */
async function insist<T>(call: () => Promise<T>, isOver: () => boolean): Promise<T | undefined> {
  while (!isOver()) {
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof ManagerError)) throw error
      if (error.status >= 400 && error.status < 500) return undefined
      await sleep(20)
    }
  }
  return undefined
}

async function untilCompleted(client: ManagerClient, ids: readonly string[]): Promise<void> {
  const end = Date.now() + 90_000
  for (const id of ids) {
    for (;;) {
      const job = await client.fetchJob({ params: { job_id: id } })
      if (job.status === 'completed') break
      assert.ok(Date.now() < end, `the job is still ${job.status}: ${job.activity}`)
      await sleep(100)
    }
  }
}

async function checkJob(
  client: ManagerClient,
  id: string,
  stored: ReadonlyMap<string, readonly string[]>,
): Promise<void> {
  const { tasks } = await client.farmJobTasks({ params: { job_id: id }, query: { limit: 1000 } })
  assert.equal(tasks.length, sleepsPerJob + 1)
  for (const task of tasks) {
    assert.equal(task.status, 'completed')
    const log = await client.farmTaskLog({ params: { task_id: task.id } })
    const lines = String(log).split('\n')
    for (const line of stored.get(task.id) ?? []) {
      assert.equal(lines.filter((found) => found === line).length, 1, `"${line}" stands there once`)
    }
  }
}

async function start(t: TestContext, dir: string, port: number): Promise<Process> {
  const program = `
    import { startManager } from ${JSON.stringify(join(import.meta.dirname, '..', 'src', 'main.ts'))}
    const { url } = await startManager({ dataDir: ${JSON.stringify(dir)}, host: '127.0.0.1', port: ${port} })
    console.log(url)`
  const child = spawn(
    process.execPath,
    ['--no-node-snapshot', '--input-type=module', '-e', program],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  t.after(() => child.kill('SIGKILL'))
  for await (const line of createInterface({ input: child.stdout! })) return { child, url: line }
  throw new Error('the manager ended before it listened')
}
