import assert from 'node:assert/strict'
import { once } from 'node:events'
import { closeSync, openSync, statSync, writeSync } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startManager } from '../src/main.ts'
import { openManager, signOnWorker, submitEcho, workOff } from './running-manager.ts'

test('a job goes from submission through one worker to completion', async (t) => {
  const manager = await openManager(t)
  const job = await submitEcho(manager)
  assert.equal(job.status, 'queued')
  const worker = await signOnWorker(manager)
  assert.deepEqual(await workOff(worker), ['echo', 'sleep', 'sleep'])
  const after = await manager.client.farmJob({ params: { job_id: job.id } })
  assert.equal(after.status, 'completed')
  assert.equal(after.steps_completed, after.steps_total)
  assert.equal(after.task_counts.completed, 3)
  const { tasks } = await manager.client.fetchJobTasks({ params: { job_id: job.id } })
  const log = await manager.client.fetchTaskLogTail({ params: { task_id: tasks![0]!.id } })
  assert.match(String(log), /assigned to worker worker[\s\S]*ran echo[\s\S]*active to completed/)
})

test('a restart in the middle of a job loses no task and no line of the log', async (t) => {
  const manager = await openManager(t)
  const job = await submitEcho(manager)
  const worker = await signOnWorker(manager)
  const task = await worker.client.scheduleTask()
  await worker.client.taskUpdate({ params: { task_id: task!.uuid }, body: { log: 'half-way' } })
  await manager.restart()
  const again = await signOnAgain(manager.url, worker)
  await again.taskUpdate({
    params: { task_id: task!.uuid },
    body: { log: 'the rest', taskStatus: 'completed' },
  })
  assert.deepEqual(await workOff({ ...worker, client: again }), ['sleep', 'sleep'])
  assert.equal((await manager.client.fetchJob({ params: { job_id: job.id } })).status, 'completed')
  const log = await manager.client.fetchTaskLogTail({ params: { task_id: task!.uuid } })
  assert.match(String(log), /half-way\nthe rest\n/)
})

test('a script put into the folder of a running manager is a job type at once', async (t) => {
  const manager = await openManager(t)
  const script = "const JOB_TYPE = { label: 'Late', settings: [] }; function compileJob() {}"
  await writeFile(join(manager.dir, 'scripts', 'come_late.js'), script)
  const { job_types } = await manager.client.getJobTypes()
  assert.ok(job_types.some(({ name }) => name === 'come-late'))
})

async function signOnAgain(url: string, worker: { uuid: string; secret: string }) {
  const { createManagerClient } = await import('@shaman-farm/manager-api')
  return createManagerClient({ url, worker })
}

test('a port in use is told in words', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => taken.once('listening', resolve))
  t.after(() => taken.close())
  const { port } = taken.address() as { port: number }
  const dir = await tempDir(t)
  await assert.rejects(startManager({ dataDir: dir, host: '127.0.0.1', port }), {
    code: 'PORT_IN_USE',
    hint: /--port/,
  })
  // The failed start has let go of everything: the next one works on the same folders.
  const manager = await startManager({ dataDir: dir, host: '127.0.0.1', port: 0 })
  await manager.close()
})

test('a manager that stops does not wait for connections on which nothing was asked', {
  timeout: 45_000,
}, async (t) => {
  const manager = await openManager(t)
  const { port } = new URL(manager.url)
  const connection = connect(Number(port), '127.0.0.1')
  await once(connection, 'connect')
  await manager.client.getVersion()
  const closed = once(connection.resume(), 'close')
  await manager.stop()
  await closed
})

test('two managers on one data folder: the second is refused', async (t) => {
  const { dir } = await openManager(t)
  const second = startManager({
    dataDir: dir,
    storage: join(dir, 'other'),
    host: '127.0.0.1',
    port: 0,
  })
  await assert.rejects(second, { code: 'DATABASE_LOCKED', hint: /Another manager/ })
})

test('a damaged database is refused, not repaired and not replaced', async (t) => {
  const dir = await tempDir(t)
  await writeFile(join(dir, 'flamenco-manager.sqlite'), 'this is not a database, by far not')
  await assert.rejects(startManager({ dataDir: dir, host: '127.0.0.1', port: 0 }), {
    code: 'DATABASE_CORRUPT',
    hint: /backups/,
  })
})

test('a storage that cannot be made is told in words', async (t) => {
  const dir = await tempDir(t)
  const file = join(dir, 'a-file')
  await writeFile(file, '')
  const start = startManager({
    dataDir: dir,
    storage: join(file, 'storage'),
    host: '127.0.0.1',
    port: 0,
  })
  await assert.rejects(start, { code: 'STORAGE_UNUSABLE', hint: /--storage/ })
})

test('a storage that cannot be written is told in words', async (t) => {
  if (process.getuid?.() === 0) return t.skip('root may write everywhere')
  const dir = await tempDir(t)
  const storage = join(dir, 'storage')
  await chmod(dir, 0o500)
  t.after(() => chmod(dir, 0o700))
  await assert.rejects(startManager({ dataDir: dir, storage, host: '127.0.0.1', port: 0 }), {
    code: 'STORAGE_UNUSABLE',
  })
})

async function tempDir(t: { after(work: () => unknown): void }): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'farm-manager-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  return dir
}

test('a database that is damaged while it is in use is told of', async (t) => {
  const damage = Promise.withResolvers<Error>()
  const config = { database_check_period: '200ms' }
  const manager = await openManager(t, { config, onDamage: damage.resolve })
  const path = join(manager.dir, 'flamenco-manager.sqlite')
  // What was written goes to the file within seconds.
  while (statSync(path).size < 65_536) await sleep(50)
  const file = openSync(path, 'r+')
  writeSync(file, Buffer.alloc(40_960, 'x'), 0, 40_960, 16_384)
  closeSync(file)
  const error = (await damage.promise) as Error & { code: string; hint: string }
  assert.equal(error.code, 'DATABASE_CORRUPT')
  assert.match(error.hint, /backups/)
})
