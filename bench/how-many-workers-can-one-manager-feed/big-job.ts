import { setTimeout as sleep } from 'node:timers/promises'
import { createManagerClient } from '@shaman-farm/manager-api'
import type { ManagerProcess } from '../harness/manager-process.ts'
import type { QuestionContext } from '../harness/question.ts'
import { cpuMs, submitEcho, worstLoopDelayMs } from './manager-facts.ts'

export interface BigJob {
  tasks: number
  seconds: number
  /** Of the manager, without the process that runs the script. */
  cpuSeconds: number
  worstOtherMs: number
  worstLoopDelayMs: number
}

/** How long one large submission takes, and what another request made meanwhile has to wait. */
export async function measureBigJob(
  { url, process }: ManagerProcess,
  context: QuestionContext,
): Promise<BigJob> {
  const tasks = context.quick ? 20_000 : 100_000
  const client = createManagerClient({ url, timeoutMs: 120_000 })
  await worstLoopDelayMs(url)
  const cpuBefore = await cpuMs(process)
  const start = performance.now()
  let isOver = false
  const over = submitEcho(client, tasks).finally(() => {
    isOver = true
  })
  // Told below; until then somebody has to have heard of it.
  over.catch(() => undefined)
  let worstOtherMs = 0
  while (!isOver) {
    const before = performance.now()
    await client.getVersion()
    worstOtherMs = Math.max(worstOtherMs, performance.now() - before)
    await sleep(5)
  }
  await over
  const seconds = (performance.now() - start) / 1_000
  const cpuSeconds = ((await cpuMs(process)) - cpuBefore) / 1_000
  context.log(`${tasks} tasks submitted in ${seconds.toFixed(1)} s`)
  return { tasks, seconds, cpuSeconds, worstOtherMs, worstLoopDelayMs: await worstLoopDelayMs(url) }
}
