import type { ChildProcess } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createManagerClient, type ManagerClient } from '@shaman-farm/manager-api'
import { Pool } from 'undici'
import { type ManagerProcess, startManager } from './harness/manager-process.ts'
import { quantile } from './harness/quantile.ts'
import type { Answer, QuestionContext } from './harness/question.ts'
import { askForTask, complete, register, type SimulatedWorker } from './harness/simulated-worker.ts'

export const question = 'How many workers can one manager feed?'

// Flamenco 3.9-beta1 on a like machine, echo/sleep tasks of no length: workers, queued tasks, tasks/s, request time.
const flamenco = [
  { workers: 10, tasks: 3_000, rate: 125, requestMs: 63 },
  { workers: 100, tasks: 23_000, rate: 43, requestMs: 2_200 },
  { workers: 500, tasks: 83_000, rate: 7.4, requestMs: 21_000 },
]

/** Simulated workers over real HTTP against a manager in a process of its own. */
export async function run(context: QuestionContext): Promise<Answer> {
  const manager = await startManager(join(context.workDir, 'manager'))
  try {
    const client = createManagerClient({ url: manager.url, timeoutMs: 120_000 })
    const growth = await measureGrowth(client, manager, context)
    const plan = context.quick
      ? { workers: 100, jobs: 20, tasksPerJob: 250, seconds: 5 }
      : { workers: 1_000, jobs: 200, tasksPerJob: 500, seconds: 30 }
    const feed = await measureFeed(client, manager, { ...plan, taskMs: 0 }, context)
    const paced = await measureFeed(client, manager, { ...plan, taskMs: 2_000 }, context)
    const rss = await rssMib(manager.process)
    const big = await measureBigJob(client, context.quick ? 20_000 : 100_000, context)
    return answer({ growth, feed, paced, big, rssMib: rss })
  } finally {
    await manager.stop()
  }
}

interface Growth {
  queued: number
  medianMs: number
}

interface Feed {
  workers: number
  queued: number
  perSecond: number
  p50: number
  p99: number
  /** Of the manager, for one task assigned and reported. */
  cpuMs: number
}

interface BigJob {
  tasks: number
  seconds: number
  worstOtherMs: number
}

/** One worker asks and reports, one request after the other, before ever longer queues. */
async function measureGrowth(
  client: ManagerClient,
  { url }: ManagerProcess,
  context: QuestionContext,
): Promise<Growth[]> {
  const sizes = context.quick ? [1_000, 10_000] : [1_000, 10_000, 100_000]
  const samples = context.quick ? 150 : 500
  const growth: Growth[] = []
  let queued = 0
  const worker = await register(url, 'lonely')
  for (const size of sizes) {
    while (queued < size) {
      const tasks = Math.min(size - queued, 10_000)
      await submit(client, tasks)
      queued += tasks
    }
    const times = await workAlone(worker, samples)
    growth.push({ queued: size, medianMs: quantile(times, 0.5) })
    context.log(`${size} queued: ${quantile(times, 0.5).toFixed(2)} ms an assignment`)
  }
  await worker.pool.close()
  return growth
}

async function workAlone(worker: SimulatedWorker, samples: number): Promise<number[]> {
  const times: number[] = []
  for (let i = 0; i < samples + 50; i += 1) {
    const start = performance.now()
    const task = await askForTask(worker)
    const took = performance.now() - start
    if (!task) throw new Error('the queue ran dry')
    await complete(worker, task)
    // The first ones warm up code and caches.
    if (i >= 50) times.push(took)
  }
  return times
}

/**
 * Everybody at once. With tasks of no length each worker asks as soon as it has reported, which tells how much the
 * manager can do; with tasks of a length, how long it takes to answer when it need not do all it can.
 */
async function measureFeed(
  client: ManagerClient,
  { url, process: { pid } }: ManagerProcess,
  plan: { workers: number; jobs: number; tasksPerJob: number; seconds: number; taskMs: number },
  context: QuestionContext,
): Promise<Feed> {
  for (let i = 0; i < plan.jobs; i += 1) await submit(client, plan.tasksPerJob)
  const pool = new Pool(url, { connections: 64, pipelining: 1 })
  const workers: SimulatedWorker[] = []
  for (let i = 0; i < plan.workers; i += 1) workers.push(await register(url, `w${i}`, pool))
  context.log(`${plan.workers} workers, ${plan.jobs * plan.tasksPerJob} tasks`)
  const cpuBefore = await cpuMs(pid)
  const start = performance.now()
  const end = start + plan.seconds * 1_000
  const times: number[] = []
  let done = 0
  await Promise.all(
    workers.map(async (worker) => {
      if (plan.taskMs > 0) await sleep(Math.random() * plan.taskMs)
      while (performance.now() < end) {
        const asked = performance.now()
        const task = await askForTask(worker)
        times.push(performance.now() - asked)
        if (!task) return
        if (plan.taskMs > 0) await sleep(plan.taskMs)
        await complete(worker, task)
        done += 1
      }
    }),
  )
  const seconds = (performance.now() - start) / 1_000
  const cpu = (await cpuMs(pid)) - cpuBefore
  await pool.close()
  return {
    cpuMs: cpu / done,
    workers: plan.workers,
    queued: plan.jobs * plan.tasksPerJob,
    perSecond: done / seconds,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
  }
}

/** How long one large submission takes, and what another request made meanwhile has to wait. */
async function measureBigJob(
  client: ManagerClient,
  tasks: number,
  context: QuestionContext,
): Promise<BigJob> {
  const start = performance.now()
  const submission = submit(client, tasks)
  let isOver = false
  const over = submission.finally(() => {
    isOver = true
  })
  let worstOtherMs = 0
  while (!isOver) {
    const before = performance.now()
    await client.getVersion()
    worstOtherMs = Math.max(worstOtherMs, performance.now() - before)
    await sleep(5)
  }
  await over
  const seconds = (performance.now() - start) / 1_000
  context.log(`${tasks} tasks submitted in ${seconds.toFixed(1)} s`)
  return { tasks, seconds, worstOtherMs }
}

function answer(facts: {
  growth: Growth[]
  feed: Feed
  paced: Feed
  big: BigJob
  rssMib: number
}): Answer {
  const { growth, feed, paced, big, rssMib } = facts
  const ratio = growth.at(-1)!.medianMs / growth[0]!.medianMs
  const like = flamenco.find(({ workers }) => workers >= Math.min(feed.workers, 500))!
  return {
    tables: [
      {
        title: 'One assignment as the queue grows',
        columns: ['queued tasks', 'ms'],
        rows: growth.map(({ queued, medianMs }) => [queued, round(medianMs)]),
      },
      {
        title: 'Everybody at once',
        columns: ['manager', 'workers', 'queued tasks', 'tasks/s', 'request ms'],
        rows: [
          ...flamenco.map(({ workers, tasks, rate, requestMs }) => [
            'Flamenco 3.9-beta1',
            workers,
            tasks,
            rate,
            requestMs,
          ]),
          ['ours', feed.workers, feed.queued, round(feed.perSecond), round(feed.p50)],
          [
            'ours, tasks of 2 s',
            paced.workers,
            paced.queued,
            round(paced.perSecond),
            round(paced.p50),
          ],
        ],
      },
    ],
    figures: [
      {
        name: 'tasks assigned and reported',
        value: round(feed.perSecond),
        unit: '1/s',
        target: '>= 1000',
        met: feed.perSecond >= 1_000,
        baseline: `Flamenco: ${like.rate}/s with ${like.workers} workers`,
      },
      {
        name: `asking for a task at ${Math.round(paced.perSecond)} tasks/s, 99 %`,
        value: round(paced.p99),
        unit: 'ms',
        target: '< 50',
        met: paced.p99 < 50,
      },
      { name: "manager's processor time for a task", value: round(feed.cpuMs), unit: 'ms' },
      {
        name: 'cost of an assignment, longest queue to shortest',
        value: round(ratio),
        unit: 'x',
        target: '<= 1.5',
        met: ratio <= 1.5,
      },
      {
        name: `submitting ${big.tasks} tasks`,
        value: round(big.seconds),
        unit: 's',
        target: '< 3 (100,000 tasks)',
        met: big.seconds < 3,
      },
      {
        name: 'another request meanwhile, worst',
        value: round(big.worstOtherMs),
        unit: 'ms',
        target: '< 100',
        met: big.worstOtherMs < 100,
      },
      {
        name: 'manager memory',
        value: round(rssMib),
        unit: 'MiB',
        target: '< 400',
        met: rssMib < 400,
      },
    ],
  }
}

/** One task that echoes, and all others wait for it. */
function submit(client: ManagerClient, tasks: number) {
  return client.submitJob({
    body: {
      name: `job of ${tasks}`,
      type: 'echo-sleep-test',
      priority: 50,
      submitter_platform: 'linux',
      settings: { message: 'm', sleep_duration_seconds: 0, sleep_repeats: tasks - 1 },
    },
  })
}

async function rssMib({ pid }: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024
}

/** Processor time of a process so far, in and for it. */
async function cpuMs(pid: number | undefined): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = Number(fields[11] ?? 0) + Number(fields[12] ?? 0)
  return ticks * 10
}

function round(value: number): number {
  return value >= 100 ? Math.round(value) : Math.round(value * 100) / 100
}
