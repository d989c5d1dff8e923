import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SubmittedJob } from '@shaman-farm/manager-api'
import { pino } from 'pino'
import { openConfig } from '../src/config/config.ts'
import { openDatabase } from '../src/db/open.ts'
import { createFarm, type Farm } from '../src/farm.ts'
import type { AuthoredTask } from '../src/job-types/main.ts'
import type { JobCore } from '../src/jobs/jobs-store.ts'
import { storeJob } from '../src/jobs/submission.ts'
import { takeTask } from '../src/scheduler/scheduler.ts'
import { applyUpdate } from '../src/tasks/task-updates.ts'
import type { TaskRecord } from '../src/tasks/tasks-store.ts'
import { ownVersion } from '../src/version.ts'
import { registerWorker, signOn, stateChanged } from '../src/workers/worker-session.ts'
import type { WorkerRecord } from '../src/workers/workers-store.ts'

export interface TestFarm extends Farm {
  clock: { now: number }
  close(): void
}

/** The rules and the stores, without HTTP, with a clock that stands until it is moved. */
export function openTestFarm(t?: { after(work: () => void): void }): TestFarm {
  const dir = mkdtempSync(join(tmpdir(), 'farm-rules-'))
  const clock = { now: Date.UTC(2026, 0, 5, 12) }
  const log = pino({ level: 'silent' })
  const config = openConfig({ dataDir: dir })
  const db = openDatabase({ path: config.current.databasePath, log })
  const farm = createFarm({ db, log, config, now: () => clock.now })
  const close = (): void => {
    db.close()
    rmSync(dir, { recursive: true, force: true })
  }
  t?.after(close)
  return Object.assign(farm, { clock, close })
}

export interface TaskPlan {
  name: string
  type?: string
  priority?: number
  after?: readonly string[]
  frames?: string
  steps?: number
}

/** Stores a job with tasks as planned; `after` names the tasks a task waits for. */
export async function addJob(
  farm: Farm,
  plans: readonly TaskPlan[],
  changes: Partial<SubmittedJob> & { tag?: number } = {},
): Promise<JobCore> {
  const uuids = new Map(plans.map(({ name }) => [name, randomUUID() as string]))
  const tasks = plans.map(
    (plan): AuthoredTask => ({
      uuid: uuids.get(plan.name)!,
      name: plan.name,
      type: plan.type ?? 'misc',
      priority: plan.priority ?? 50,
      commands: [{ name: 'echo', parameters: { message: '' }, total_step_count: plan.steps ?? 1 }],
      dependencies: (plan.after ?? []).map((name) => uuids.get(name)!),
      ...(plan.frames ? { frames: plan.frames } : {}),
    }),
  )
  const { tag, ...rest } = changes
  const submitted: SubmittedJob = {
    name: 'job',
    type: 'test',
    priority: 50,
    submitter_platform: 'linux',
    ...rest,
  }
  const facts = { uuid: randomUUID(), created: farm.now(), tag: tag ?? null }
  return storeJob(farm, submitted, facts, async (take) => {
    take(tasks)
    return { settings: {}, metadata: {} }
  })
}

export function addWorker(
  farm: Farm,
  {
    name = 'worker',
    types = ['misc'],
    version = ownVersion,
  }: { name?: string; types?: string[]; version?: string } = {},
): WorkerRecord {
  const request = { secret: 's', platform: 'linux', supported_task_types: types, name }
  const { uuid } = registerWorker(farm, request, '127.0.0.1')
  signOn(
    farm,
    farm.workers.byUuid(uuid)!,
    { name, supported_task_types: types, software_version: version },
    '127.0.0.1',
  )
  stateChanged(farm, farm.workers.byUuid(uuid)!, 'awake')
  return farm.workers.byUuid(uuid)!
}

export function take(farm: Farm, worker: WorkerRecord): TaskRecord | undefined {
  return farm.transaction(() => takeTask(farm, farm.workers.byId(worker.id)))
}

export function report(
  farm: Farm,
  worker: WorkerRecord,
  task: TaskRecord,
  taskStatus: 'completed' | 'failed',
): void {
  const refusal = farm.transaction(() =>
    applyUpdate(farm, worker.id, task.uuid, { taskStatus }, undefined),
  )
  if (refusal) throw refusal
}

export function taskNamed(farm: Farm, job: JobCore, name: string): TaskRecord {
  return farm.tasks.ofJob(job.id).find((task) => task.name === name)!
}

export function jobNow(farm: Farm, job: JobCore): JobCore {
  return farm.jobs.byId(job.id)
}
