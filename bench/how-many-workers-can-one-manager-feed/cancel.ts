import { setTimeout as sleep } from 'node:timers/promises'
import { createManagerClient } from '@shaman-farm/manager-api'
import type { ManagerProcess } from '../harness/manager-process.ts'
import { quantile } from '../harness/quantile.ts'
import type { QuestionContext } from '../harness/question.ts'
import { submitEcho } from './manager-facts.ts'

export interface Cancel {
  p50: number
  worst: number
}

/** From a person's order to the worker's knowing, by the request that our worker keeps open while it works. */
export async function measureCancel(
  { url }: ManagerProcess,
  context: QuestionContext,
): Promise<Cancel> {
  const client = createManagerClient({ url })
  const secret = 'secret of the canceled'
  const types = ['misc']
  const { uuid } = await client.registerWorker({
    body: { name: 'canceled', secret, platform: 'linux', supported_task_types: types },
  })
  const worker = createManagerClient({ url, worker: { uuid, secret } })
  await worker.signOn({
    body: { name: 'canceled', supported_task_types: types, software_version: 'bench' },
  })
  await worker.workerStateChanged({ body: { status: 'awake' } })
  const times: number[] = []
  for (let i = 0; i < (context.quick ? 10 : 50); i += 1) {
    const job = await submitEcho(client, 2)
    await client.setJobPriority({ params: { job_id: job.id }, body: { priority: 100 } })
    const task = await worker.scheduleTask()
    if (task?.job !== job.id) throw new Error('the worker got another task')
    const refusal = worker
      .mayWorkerRun({ params: { task_id: task.uuid }, headers: { 'x-farm-wait': '30' } })
      .then(({ mayKeepRunning }) => ({ mayKeepRunning, at: performance.now() }))
    await sleep(50)
    const ordered = performance.now()
    await client.setJobStatus({
      params: { job_id: job.id },
      body: { status: 'cancel-requested', reason: 'bench' },
    })
    const { mayKeepRunning, at } = await refusal
    if (mayKeepRunning) throw new Error('the worker was not told')
    times.push(at - ordered)
  }
  return { p50: quantile(times, 0.5), worst: Math.max(...times) }
}
