import { setTimeout as sleep } from 'node:timers/promises'
import { createManagerClient } from '@shaman-farm/manager-api'
import { Pool } from 'undici'
import type { ManagerProcess } from '../harness/manager-process.ts'
import { quantile } from '../harness/quantile.ts'
import type { QuestionContext } from '../harness/question.ts'
import {
  askForTask,
  complete,
  register,
  type SimulatedWorker,
} from '../harness/simulated-worker.ts'
import { cpuMs, rssMib, submitEcho } from './manager-facts.ts'

export interface FeedPlan {
  workers: number
  jobs: number
  tasksPerJob: number
  seconds: number
}

export interface Feed {
  workers: number
  queued: number
  perSecond: number
  p50: number
  p99: number
  /** Of the manager, for one task assigned and reported. */
  cpuMs: number
  rssMib: number
}

/**
 * Everybody at once. With tasks of no length each worker asks as soon as it has reported, which tells how much the
 * manager can do; with tasks of a length, how long it takes to answer when it need not do all it can.
 */
export async function measureFeed(
  { url, process }: ManagerProcess,
  {
    taskMs,
    workers,
    ...plan
  }: Omit<FeedPlan, 'workers'> & Pick<Crowd, 'workers'> & { taskMs: number },
  context: QuestionContext,
): Promise<Feed> {
  const client = createManagerClient({ url, timeoutMs: 120_000 })
  for (let i = 0; i < plan.jobs; i += 1) await submitEcho(client, plan.tasksPerJob)
  context.log(`${workers.length} workers, ${plan.jobs * plan.tasksPerJob} tasks`)
  const cpuBefore = await cpuMs(process)
  const start = performance.now()
  const end = start + plan.seconds * 1_000
  const times: number[] = []
  let done = 0
  const work = async (worker: SimulatedWorker): Promise<void> => {
    if (taskMs > 0) await sleep(Math.random() * taskMs)
    while (performance.now() < end) {
      const asked = performance.now()
      const task = await askForTask(worker)
      times.push(performance.now() - asked)
      if (!task) return
      if (taskMs > 0) await sleep(taskMs)
      await complete(worker, task)
      done += 1
    }
  }
  await Promise.all(workers.map(work))
  const seconds = (performance.now() - start) / 1_000
  const cpu = (await cpuMs(process)) - cpuBefore
  context.log(
    `${(done / seconds).toFixed(0)} tasks/s, ${(cpu / done).toFixed(2)} ms of the processor each`,
  )
  return {
    workers: workers.length,
    queued: plan.jobs * plan.tasksPerJob,
    perSecond: done / seconds,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    cpuMs: cpu / done,
    rssMib: await rssMib(process),
  }
}

/** Workers that share connections. */
export interface Crowd {
  workers: readonly SimulatedWorker[]
  pool: Pool
}

const atOnce = 16

export async function gather({ url }: ManagerProcess, count: number): Promise<Crowd> {
  const pool = new Pool(url, { connections: 64, pipelining: 1 })
  const workers: SimulatedWorker[] = []
  while (workers.length < count) {
    const next = Math.min(atOnce, count - workers.length)
    const names = Array.from({ length: next }, (_, i) => `w${workers.length + i}`)
    workers.push(...(await Promise.all(names.map((name) => register(url, name, pool)))))
  }
  return { workers, pool }
}
