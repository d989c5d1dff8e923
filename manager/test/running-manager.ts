import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import {
  createManagerClient,
  type Job,
  type ManagerClient,
  type SubmittedJob,
  type WorkerStatus,
} from '@shaman-farm/manager-api'
import { stringify } from 'yaml'
import { type ManagerOptions, type RunningManager, startManager } from '../src/main.ts'

export interface TestManager {
  url: string
  dir: string
  client: ManagerClient
  /** Stops and starts on the same data. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** A manager on a free port, on empty folders that go with the test. */
export async function openManager(
  t: TestContext,
  { config, ...options }: Partial<ManagerOptions> & { config?: Record<string, unknown> } = {},
): Promise<TestManager> {
  const dir = await mkdtemp(join(tmpdir(), 'farm-manager-'))
  if (config) {
    await writeFile(
      join(dir, 'flamenco-manager.yaml'),
      stringify({ _meta: { version: 3 }, ...config }),
    )
  }
  const start = (): Promise<RunningManager> =>
    startManager({
      dataDir: dir,
      storage: join(dir, 'storage'),
      host: '127.0.0.1',
      port: 0,
      ...options,
    })
  let running: RunningManager | undefined = await start()
  const stop = async (): Promise<void> => {
    const last = running
    running = undefined
    await last?.close()
  }
  t.after(async () => {
    await stop()
    await rm(dir, { recursive: true, force: true })
  })
  const manager: TestManager = {
    url: running.url,
    dir,
    client: createManagerClient({ url: running.url }),
    async restart() {
      await stop()
      running = await start()
      manager.url = running.url
      manager.client = createManagerClient({ url: running.url })
    },
    stop,
  }
  return manager
}

export interface TestWorker {
  uuid: string
  secret: string
  client: ManagerClient
}

/** A registered worker that has signed on and is awake (or what else is wanted). */
export async function signOnWorker(
  { url, client }: Pick<TestManager, 'url' | 'client'>,
  {
    name = 'worker',
    types = ['blender', 'ffmpeg', 'file-management', 'misc'],
    platform = 'linux',
    status = 'awake',
    canRestart = false,
    enrol,
  }: {
    name?: string
    types?: string[]
    platform?: string
    status?: WorkerStatus
    canRestart?: boolean
    /** An enrolment token, for farms that ask for one. */
    enrol?: string
  } = {},
): Promise<TestWorker> {
  const secret = `secret of ${name}`
  const { uuid } = await client.registerWorker({
    body: { secret, platform, supported_task_types: types, name },
    ...(enrol ? { headers: { 'x-farm-enrol': enrol } } : {}),
  })
  const own = createManagerClient({ url, worker: { uuid, secret } })
  await own.signOn({
    body: {
      name,
      supported_task_types: types,
      software_version: '0.1.0',
      can_restart: canRestart,
    },
  })
  await own.workerStateChanged({ body: { status } })
  return { uuid, secret, client: own }
}

export function echoJob(changes: Partial<SubmittedJob> = {}): SubmittedJob {
  return {
    name: 'echo',
    type: 'echo-sleep-test',
    priority: 50,
    submitter_platform: 'linux',
    settings: { message: 'hello', sleep_duration_seconds: 0, sleep_repeats: 2 },
    metadata: {},
    ...changes,
  }
}

export async function submitEcho(
  { client }: Pick<TestManager, 'client'>,
  changes: Partial<SubmittedJob> = {},
): Promise<Job> {
  return client.submitJob({ body: echoJob(changes) })
}

/** Runs tasks until there are none; returns their names in order. */
export async function workOff({ client }: TestWorker): Promise<string[]> {
  const done: string[] = []
  for (let task = await client.scheduleTask(); task; task = await client.scheduleTask()) {
    await client.taskUpdate({
      params: { task_id: task.uuid },
      body: { taskStatus: 'completed', log: `ran ${task.name}` },
    })
    done.push(task.name)
  }
  return done
}
