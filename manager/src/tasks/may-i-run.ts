import type { MayKeepRunning } from '@shaman-farm/manager-api'
import type { Farm } from '../farm.ts'
import { heardFrom } from '../workers/worker-session.ts'
import type { WorkerRecord } from '../workers/workers-store.ts'

/** Whether a worker is to go on with a task; asking keeps both alive. */
export function mayKeepRunning(farm: Farm, workerId: number, taskUuid: string): MayKeepRunning {
  return farm.transaction(() => {
    const worker = heardFrom(farm, farm.workers.byId(workerId))
    const refusal = refusalFor(farm, worker, taskUuid)
    if (refusal) return { mayKeepRunning: false, ...refusal }
    farm.tasks.touch(farm.tasks.byUuid(taskUuid)!.id, farm.now())
    return { mayKeepRunning: true, reason: '', statusChangeRequested: false }
  })
}

/** Holds the answer back until it is no, or the time is over. */
export async function waitForRefusal(
  farm: Farm,
  worker: WorkerRecord,
  taskUuid: string,
  { waitMs, gone }: { waitMs: number; gone: AbortSignal },
): Promise<MayKeepRunning> {
  const answer = mayKeepRunning(farm, worker.id, taskUuid)
  const task = farm.tasks.byUuid(taskUuid)
  if (!answer.mayKeepRunning || !task || waitMs <= 0 || gone.aborted) return answer
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer)
      clearInterval(sign)
      for (const stop of stops) stop()
      gone.removeEventListener('abort', finish)
      resolve(gone.aborted ? answer : mayKeepRunning(farm, worker.id, taskUuid))
    }
    const look = (): void => {
      if (refusalFor(farm, farm.workers.byId(worker.id), taskUuid)) finish()
    }
    const stops = [
      farm.signals.on(`task:${task.id}`, look),
      farm.signals.on(`worker:${worker.id}`, look),
      farm.signals.on('closing', finish),
    ]
    const timer = setTimeout(finish, waitMs)
    // An open request is a sign of life, for the worker and for its task.
    const sign = setInterval(() => {
      if (!mayKeepRunning(farm, worker.id, taskUuid).mayKeepRunning) finish()
    }, 10_000)
    gone.addEventListener('abort', finish)
  })
}

function refusalFor(
  farm: Farm,
  worker: WorkerRecord,
  taskUuid: string,
): { reason: string; statusChangeRequested: boolean } | undefined {
  const wanted = worker.status_requested
  if (wanted && wanted !== worker.status && worker.status_request_is_lazy === 0) {
    return { reason: `worker is asked to be ${wanted}`, statusChangeRequested: true }
  }
  const no = (reason: string) => ({ reason, statusChangeRequested: false })
  const task = farm.tasks.byUuid(taskUuid)
  if (!task) return no('task not found')
  if (task.worker_id !== worker.id) return no('task not assigned to this worker')
  if (task.status !== 'active') return no(`task is ${task.status}, not active`)
  return undefined
}
