import { actOnEach } from './acts.ts'
import { call } from './api.ts'
import { tellOutcome } from './do-acts.ts'
import type { AttentionItem } from './wire.ts'

/** A worker that gets no more tasks of a type of a job. */
export interface Exclusion {
  jobId: string
  workerId: string
  workerName: string
  taskType: string
}

/** Keeps workers off; what they run they finish. It is told, with the way back. */
export async function exclude(all: readonly Exclusion[], onDone: () => void): Promise<void> {
  const { results, done, nameOf } = await send('POST', all)
  const undo = (): void => void readmit(done, onDone)
  tellOutcome('Excluded', 'worker', results, nameOf, done.length > 0 ? undo : undefined)
  onDone()
}

/** Lets workers try again, whoever kept them off. */
export async function readmit(all: readonly Exclusion[], onDone: () => void): Promise<void> {
  const { results, nameOf } = await send('DELETE', all)
  tellOutcome('Allowed again:', 'worker', results, nameOf)
  onDone()
}

/** One result for each worker, however many jobs and types it is of. */
async function send(method: 'POST' | 'DELETE', all: readonly Exclusion[]) {
  const byWorker = Map.groupBy(all, ({ workerId }) => workerId)
  const results = await actOnEach([...byWorker.keys()], async (workerId) => {
    const byJob = Map.groupBy(byWorker.get(workerId)!, ({ jobId }) => jobId)
    for (const [jobId, ofJob] of byJob) {
      const body = ofJob.map(({ taskType }) => ({ worker_id: workerId, task_type: taskType }))
      // Flamenco's own address takes workers off the list and has no way onto it.
      const path = method === 'POST' ? `/farm/jobs/${jobId}/blocklist` : `/jobs/${jobId}/blocklist`
      await call(path, { method, body })
    }
  })
  const failed = new Set(results.filter(({ error }) => error).map(({ key }) => key))
  return {
    results,
    done: all.filter(({ workerId }) => !failed.has(workerId)),
    nameOf: (id: string): string => byWorker.get(id)?.[0]?.workerName ?? id,
  }
}

/** The workers that an issue names, kept off the types of task that failed on them. */
export function exclusionsOf(item: AttentionItem): Exclusion[] {
  const kinds = new Map(item.tasks.map((task) => [`${task.job_id} ${task.type}`, task]))
  return item.workers.flatMap((worker) =>
    [...kinds.values()].map((task) => ({
      jobId: task.job_id,
      workerId: worker.id,
      workerName: worker.name,
      taskType: task.type,
    })),
  )
}
