import { createManagerClient } from '@shaman-farm/manager-api'
import type { ManagerProcess } from '../harness/manager-process.ts'
import { quantile } from '../harness/quantile.ts'
import type { QuestionContext } from '../harness/question.ts'
import {
  askForTask,
  complete,
  register,
  type SimulatedWorker,
} from '../harness/simulated-worker.ts'
import { cpuMs, submitEcho } from './manager-facts.ts'

export interface Growth {
  queued: number
  medianMs: number
  /** Of the manager, for a task assigned and reported. */
  cpuMs: number
}

/** One worker asks and reports, one request after the other, before ever longer queues. */
export async function measureGrowth(
  { url, process }: ManagerProcess,
  context: QuestionContext,
): Promise<Growth[]> {
  const client = createManagerClient({ url, timeoutMs: 120_000 })
  const sizes = context.quick ? [1_000, 10_000] : [1_000, 10_000, 100_000, 1_000_000]
  const samples = context.quick ? 75 : 500
  const growth: Growth[] = []
  let queued = 0
  const worker = await register(url, 'lonely')
  for (const size of sizes) {
    while (queued < size) {
      const tasks = Math.min(size - queued, 10_000)
      await submitEcho(client, tasks)
      queued += tasks
    }
    await workAlone(worker, 50)
    const before = await cpuMs(process)
    const times = await workAlone(worker, samples)
    const cpu = ((await cpuMs(process)) - before) / samples
    growth.push({ queued: size, medianMs: quantile(times, 0.5), cpuMs: cpu })
    context.log(`${size} queued: ${quantile(times, 0.5).toFixed(2)} ms an assignment`)
  }
  await worker.pool.close()
  return growth
}

/** How long each took to be assigned. */
async function workAlone(worker: SimulatedWorker, tasks: number): Promise<number[]> {
  const times: number[] = []
  for (let i = 0; i < tasks; i += 1) {
    const start = performance.now()
    const task = await askForTask(worker)
    times.push(performance.now() - start)
    if (!task) throw new Error('the queue ran dry')
    await complete(worker, task)
  }
  return times
}
