import { join } from 'node:path'
import { createManagerClient, type ManagerClient } from '@shaman-farm/manager-api'
import { createShamanClient } from '@shaman-farm/shaman/client'
import { formatBytes } from '@shaman-farm/terminal'
import { Pool } from 'undici'
import { quantile } from './harness/quantile.ts'
import type { Answer, QuestionContext } from './harness/question.ts'
import {
  askForTask,
  complete,
  register,
  type SimulatedWorker,
  sayAwake,
} from './harness/simulated-worker.ts'
import { answer, isCompared, type Year } from './how-does-a-farm-age/answer.ts'
import { bytesOf, type OldFarm, openFarm } from './how-does-a-farm-age/old-farm.ts'
import { openStudio, type Studio } from './how-does-a-farm-age/studio.ts'
import { tablesOf } from './how-does-a-farm-age/tables.ts'

export const question = 'How does a farm age?'

const dayMs = 24 * 3_600_000
const monthMs = 30 * dayMs
const keepJobsMs = 90 * dayMs
const keepBlobsMs = 31 * dayMs
/** Of each year; the studio buys and rents as it grows. */
const workersOfYear = [1, 3, 8, 20, 50, 100, 200, 400, 700, 1_000]

// Each costs the manager the slow check of its secret once a month: with a thousand the bench would do little else.
const mostAtWork = 40

/**
 * Ten years of a small studio under a clock of our own: projects are submitted through Shaman, workers that compute
 * nothing do the tasks, and once a month jobs of more than 90 days are deleted and unused blobs collected.
 */
export async function run(context: QuestionContext): Promise<Answer> {
  const dir = join(context.workDir, 'farm')
  const scale = context.quick ? 0.05 : 1
  const jobsPerMonth = 40 * scale
  // Each month takes as long for few jobs as for many.
  const years = context.quick ? workersOfYear.slice(0, 4) : workersOfYear
  const studio = openStudio(7)
  const lived: Year[] = []
  let now = Date.now()
  let farm = await openFarm(dir, now)
  const workers: SimulatedWorker[] = []
  for (const [index, most] of years.entries()) {
    const count = Math.ceil(most * scale)
    const pool = new Pool(farm.url, { connections: 1 })
    for (const worker of workers) worker.pool = pool
    while (workers.length < count)
      workers.push(await register(farm.url, `w${workers.length}`, pool))
    const client = createManagerClient({ url: farm.url, timeoutMs: 60_000 })
    const samples = newSamples()
    for (let month = 0; month < 12; month += 1) {
      await submitMonth(client, studio, { jobs: jobsPerMonth, samples })
      await workOff(crewOf(workers, { month, most: Math.ceil(mostAtWork * scale) }), samples)
      now += monthMs
      await farm.setTime(now)
      await houseKeep(client, now)
    }
    const before = performance.now()
    const { total } = await client.farmJobs({ query: { limit: 50 } })
    const listMs = performance.now() - before
    const storeBytes = await storedBytes(farm.url)
    await pool.close()
    await farm.stop()
    const databaseBytes = await bytesOf(dir, 'flamenco-manager.sqlite')
    const tables = tablesOf(dir)
    const again = await restart(dir, { now, times: isCompared(index + 1, years.length) ? 3 : 1 })
    farm = again.farm
    const year: Year = {
      year: index + 1,
      workers: count,
      tasks: samples.task.length,
      taskMs: quantile(samples.task, 0.5),
      taskWorstMs: quantile(samples.task, 0.99),
      submitMs: quantile(samples.submit, 0.5),
      listMs,
      jobs: total,
      databaseBytes,
      storeBytes,
      tables,
      restartMs: again.ms,
    }
    lived.push(year)
    context.log(
      `year ${index + 1} of ${years.length}: ${count} workers, ${year.tasks} tasks, ${year.taskMs.toFixed(2)} ms a task, database ${formatBytes(databaseBytes)}, store ${formatBytes(storeBytes)}`,
    )
  }
  await farm.stop()
  return answer(lived)
}

/** Of a farm that is stopped, so many times: the median until it has answered. */
async function restart(
  dir: string,
  { now, times }: { now: number; times: number },
): Promise<{ farm: OldFarm; ms: number }> {
  const samples: number[] = []
  for (;;) {
    const start = performance.now()
    const farm = await openFarm(dir, now)
    await createManagerClient({ url: farm.url }).getVersion()
    samples.push(performance.now() - start)
    if (samples.length === times) return { farm, ms: quantile(samples, 0.5) }
    await farm.stop()
  }
}

interface Samples {
  /** A task asked for and reported, in ms. */
  task: number[]
  submit: number[]
}

function newSamples(): Samples {
  return { task: [], submit: [] }
}

async function submitMonth(
  client: ManagerClient,
  studio: Studio,
  { jobs, samples }: { jobs: number; samples: Samples },
): Promise<void> {
  const shaman = createShamanClient({ url: client.url })
  for (let i = 0; i < jobs; i += 1) {
    const { name, files, tasks } = studio.nextProject()
    const start = performance.now()
    const { checkoutPath } = await shaman.submit({ files, checkoutPath: name })
    await client.submitJob({
      body: {
        name,
        type: 'echo-sleep-test',
        priority: 50,
        submitter_platform: 'linux',
        settings: { message: 'm', sleep_duration_seconds: 0, sleep_repeats: tasks - 1 },
        storage: { shaman_checkout_id: checkoutPath },
      },
    })
    samples.submit.push(performance.now() - start)
  }
  await shaman.close()
}

/** Who works in a month; in each, others of them. */
function crewOf(
  workers: readonly SimulatedWorker[],
  { month, most }: { month: number; most: number },
): SimulatedWorker[] {
  const size = Math.min(most, workers.length)
  return Array.from({ length: size }, (_, i) => workers[(month * size + i) % workers.length]!)
}

/**
 * All at work take turns, one request at a time: the price of a task, whatever the number of workers. Each is heard
 * before its first turn, as it would have been all the month that the clock left out.
 */
async function workOff(workers: readonly SimulatedWorker[], samples: Samples): Promise<void> {
  let idle = 0
  for (let turn = 0; idle < 3; turn += 1) {
    const worker = workers[turn % workers.length]!
    if (turn < workers.length) await sayAwake(worker)
    const start = performance.now()
    const task = await askForTask(worker)
    if (task) await complete(worker, task)
    if (task) samples.task.push(performance.now() - start)
    idle = task ? 0 : idle + 1
  }
}

async function houseKeep(client: ManagerClient, now: number): Promise<void> {
  const until = new Date(now - keepJobsMs).toISOString()
  // Refused when nothing is as old as that.
  await client.request('deleteJobMass', { body: { last_updated_max: until } })
  const plan = await postJson(`${client.url}/api/v3/shaman/x/gc/plans`, {
    maxAgeSeconds: keepBlobsMs / 1_000,
  })
  const applied = `${client.url}/api/v3/shaman/x/gc/plans/${String(plan.id)}/apply`
  await postJson(applied, { evenIfLarge: true })
}

async function storedBytes(url: string): Promise<number> {
  const response = await fetch(`${url}/api/v3/shaman/x/stats`, { signal: timeout() })
  return ((await response.json()) as { bytes: number }).bytes
}

async function postJson(url: string, body: unknown): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: timeout(),
  })
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`)
  return (await response.json()) as Record<string, unknown>
}

function timeout(): AbortSignal {
  return AbortSignal.timeout(60_000)
}
