import { join } from 'node:path'
import { type ManagerProcess, startManager } from './harness/manager-process.ts'
import type { Answer, Figure, QuestionContext } from './harness/question.ts'
import { measureBigJob } from './how-many-workers-can-one-manager-feed/big-job.ts'
import { measureCancel } from './how-many-workers-can-one-manager-feed/cancel.ts'
import {
  measureCancelAtWork,
  writeProgramScript,
} from './how-many-workers-can-one-manager-feed/cancel-at-work.ts'
import { type FeedPlan, gather, measureFeed } from './how-many-workers-can-one-manager-feed/feed.ts'
import { measureGrowth } from './how-many-workers-can-one-manager-feed/growth.ts'
import {
  measureHostile,
  writeHostileScripts,
} from './how-many-workers-can-one-manager-feed/hostile.ts'
import { measureJobList } from './how-many-workers-can-one-manager-feed/job-list.ts'

export const question = 'How many workers can one manager feed?'

// Flamenco 3.9-beta1 on a like machine, echo/sleep tasks of no length: workers, queued tasks, tasks/s, request time.
const flamenco = [
  { workers: 10, tasks: 3_000, rate: 125, requestMs: 63 },
  { workers: 100, tasks: 23_000, rate: 43, requestMs: 2_200 },
  { workers: 500, tasks: 83_000, rate: 7.4, requestMs: 21_000 },
]

/** Simulated workers over real HTTP against managers in processes of their own; each part has a manager to itself. */
export async function run(context: QuestionContext): Promise<Answer> {
  const plan: FeedPlan = context.quick
    ? { workers: 40, jobs: 20, tasksPerJob: 250, seconds: 3 }
    : { workers: 1_000, jobs: 200, tasksPerJob: 500, seconds: 30 }
  const growth = await withManager(context, 'growth', (manager) => measureGrowth(manager, context))
  const busy = await withManager(context, 'busy', async (manager) => {
    const { workers, pool } = await gather(manager, plan.workers)
    const feed = await measureFeed(manager, { ...plan, workers, taskMs: 0 }, context)
    const paced = await measureFeed(manager, { ...plan, workers, taskMs: 2_000 }, context)
    await pool.close()
    return { feed, paced, big: await measureBigJob(manager, context) }
  })
  const hostileDir = join(context.workDir, 'hostile')
  await writeHostileScripts(hostileDir)
  const hostile = await withManager(context, 'hostile', (manager) =>
    measureHostile(manager, context),
  )
  const long = await withManager(context, 'long', async (manager) => ({
    list: await measureJobList(manager, context),
    cancel: await measureCancel(manager, context),
  }))
  await writeProgramScript(join(context.workDir, 'program'))
  const cancelAtWork = await withManager(context, 'program', (manager) =>
    measureCancelAtWork(manager, context),
  )
  return answer({ growth, ...busy, hostile, ...long, cancelAtWork })
}

async function withManager<T>(
  { workDir }: QuestionContext,
  name: string,
  measure: (manager: ManagerProcess) => Promise<T>,
): Promise<T> {
  const manager = await startManager(join(workDir, name))
  try {
    return await measure(manager)
  } finally {
    await manager.stop()
  }
}

interface Facts {
  growth: Awaited<ReturnType<typeof measureGrowth>>
  feed: Awaited<ReturnType<typeof measureFeed>>
  paced: Awaited<ReturnType<typeof measureFeed>>
  big: Awaited<ReturnType<typeof measureBigJob>>
  hostile: Awaited<ReturnType<typeof measureHostile>>
  list: Awaited<ReturnType<typeof measureJobList>>
  cancel: Awaited<ReturnType<typeof measureCancel>>
  cancelAtWork: Awaited<ReturnType<typeof measureCancelAtWork>>
}

function answer(facts: Facts): Answer {
  return { tables: tables(facts), figures: figures(facts) }
}

function tables({ growth, feed, paced, list }: Facts): Answer['tables'] {
  return [
    {
      title: 'One assignment as the queue grows',
      columns: ['queued tasks', 'ms', "manager's processor ms, with its report"],
      rows: growth.map(({ queued, medianMs, cpuMs }) => [queued, round(medianMs), round(cpuMs)]),
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
    {
      title: `A page of ${list.jobs} jobs`,
      columns: ['jobs', 'ms, median', 'ms, 99 %'],
      rows: list.pages.map(({ name, p50, p99 }) => [name, round(p50), round(p99)]),
    },
  ]
}

function figures(facts: Facts): Figure[] {
  const { growth, feed, paced, big, hostile, list, cancel, cancelAtWork } = facts
  const like = flamenco.find(({ workers }) => workers >= Math.min(feed.workers, 500))!
  const [shortest, longest] = [growth[0]!, growth.at(-1)!]
  const slowestPage = Math.max(...list.pages.map(({ p50 }) => p50))
  return [
    {
      ...atLeast('tasks assigned and reported', feed.perSecond, '1/s', 1_000),
      baseline: `Flamenco: ${like.rate}/s with ${like.workers} workers`,
    },
    below(`asking for a task at ${Math.round(paced.perSecond)} tasks/s, 99 %`, paced.p99, 'ms', 50),
    { name: "manager's processor time for a task", value: round(feed.cpuMs), unit: 'ms' },
    {
      name: `cost of an assignment, ${longest.queued} queued tasks to ${shortest.queued}`,
      value: round(longest.medianMs / shortest.medianMs),
      unit: 'x',
      target: '<= 1.5',
      met: longest.medianMs / shortest.medianMs <= 1.5,
    },
    below(`submitting ${big.tasks} tasks`, big.seconds, 's', 3),
    { name: "manager's processor time for it", value: round(big.cpuSeconds), unit: 's' },
    {
      ...below('another request meanwhile, worst', big.worstOtherMs, 'ms', 100),
      baseline: `the manager's event loop was at most ${round(big.worstLoopDelayMs)} ms late`,
    },
    below(`manager memory after ${feed.workers} workers at once`, feed.rssMib, 'MiB', 400),
    below(`a filtered page of ${list.jobs} jobs, the slowest`, slowestPage, 'ms', 20),
    {
      ...below('cancel reaches the worker, worst', cancel.worst, 'ms', 200),
      baseline: `median ${round(cancel.p50)} ms; Flamenco's worker asks every 10 s`,
    },
    {
      ...below(
        "cancel signals the program of a worker's task, worst",
        cancelAtWork.worst,
        'ms',
        200,
      ),
      baseline: `median ${round(cancelAtWork.p50)} ms, from the answer to the order`,
    },
    {
      ...below(
        `event loop delay under ${hostile.scripts} hostile job scripts, worst`,
        hostile.worst.delayMs,
        'ms',
        50,
      ),
      baseline: `idle ${round(hostile.idleDelayMs)} ms; worst under ${hostile.worst.script}, a process that did nothing was ${round(hostile.worst.bystanderMs)} ms late meanwhile`,
      cause:
        'the manager neither computes nor blocks meanwhile: it waits for its turn on processors that others use, as the process that does nothing does',
    },
    {
      name: 'hostile job scripts that were not refused',
      value: hostile.taken.length,
      unit: hostile.taken.join(', '),
      target: '0',
      met: hostile.taken.length === 0,
    },
  ]
}

function below(name: string, value: number, unit: string, target: number): Figure {
  return { name, value: round(value), unit, target: `< ${target}`, met: value < target }
}

function atLeast(name: string, value: number, unit: string, target: number): Figure {
  return { name, value: round(value), unit, target: `>= ${target}`, met: value >= target }
}

function round(value: number): number {
  return value >= 100 ? Math.round(value) : Math.round(value * 100) / 100
}
