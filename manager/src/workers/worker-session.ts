import { randomUUID } from 'node:crypto'
import type {
  RegisteredWorker,
  WorkerRegistration,
  WorkerSignOn,
  WorkerStatus,
} from '@shaman-farm/manager-api'
import type { Farm } from '../farm.ts'
import { announceWorker } from '../lifecycle/announce.ts'
import { requeueTasksOf } from '../lifecycle/requeue.ts'
import { scheduledStatus } from './sleep-schedules.ts'
import type { WorkerRecord } from './workers-store.ts'

// A worker that speaks all the time is written down now and then; silence is told from it all the same.
const seenEveryMs = 1_000

/** @param request with the hash in place of the secret */
export function registerWorker(
  farm: Farm,
  request: WorkerRegistration,
  address: string,
): RegisteredWorker {
  const uuid = randomUUID()
  const types = normalizeTypes(request.supported_task_types)
  const name = request.name.trim() || `worker-${uuid.slice(0, 8)}`
  farm.transaction(() =>
    farm.workers.insert({
      uuid,
      secret: request.secret,
      name,
      address,
      platform: request.platform,
      task_types: JSON.stringify(types),
      now: farm.now(),
    }),
  )
  farm.log.info({ worker: uuid, name, address }, 'worker registered')
  return {
    uuid,
    name,
    address,
    status: '',
    platform: request.platform,
    software: '',
    supported_task_types: types,
  }
}

/** The status the worker is to take. */
export function signOn(
  farm: Farm,
  worker: WorkerRecord,
  request: WorkerSignOn,
  address: string,
): WorkerStatus {
  return farm.transaction(() => {
    farm.workers.signOn(worker.id, {
      name: request.name.trim() || worker.name,
      address,
      software: request.software_version,
      task_types: JSON.stringify(normalizeTypes(request.supported_task_types)),
      can_restart: request.can_restart ? 1 : 0,
      now: farm.now(),
    })
    const after = farm.workers.byId(worker.id)
    announceWorker(farm, after, { previous: worker.status })
    farm.log.info({ worker: worker.uuid, name: after.name, address }, 'worker signed on')
    return after.status_requested ?? scheduledStatus(farm, worker.id) ?? 'awake'
  })
}

/** Gone, but not for good: the status it had is asked for again when it comes back. */
export function signOff(farm: Farm, worker: WorkerRecord): void {
  farm.transaction(() => {
    const wanted = worker.status_requested
    const isPending = wanted !== null && wanted !== 'offline' && wanted !== 'restart'
    const remembered = worker.status === 'awake' || worker.status === 'asleep'
    if (!isPending) {
      const request = remembered ? { status: worker.status, isLazy: false } : null
      farm.workers.setRequest(worker.id, request, farm.now())
    }
    setWorkerStatus(farm, worker, 'offline', 'signed off')
  })
}

export function stateChanged(farm: Farm, worker: WorkerRecord, status: WorkerStatus): void {
  farm.transaction(() => {
    if (worker.status_requested === status) farm.workers.setRequest(worker.id, null, farm.now())
    farm.workers.seen(worker.id, farm.now())
    setWorkerStatus(farm, farm.workers.byId(worker.id), status, `is now ${status}`)
  })
}

/** The only way a worker changes its status. What it can no longer do goes back into the queue. */
export function setWorkerStatus(
  farm: Farm,
  worker: WorkerRecord,
  status: WorkerStatus,
  reason: string,
  before: WorkerStatus | null = null,
): void {
  const previous = worker.status
  farm.workers.setStatus(worker.id, status, farm.now(), before)
  const after = farm.workers.byId(worker.id)
  if (status !== 'awake' && status !== 'starting') {
    requeueTasksOf(farm, after, reason, status === 'error' ? 'worker-lost' : 'requeued')
  }
  announceWorker(farm, after, { previous })
  farm.notify(`worker:${worker.id}`)
  if (status === 'awake') farm.notify('ready')
  if (previous !== status) {
    farm.log.info({ worker: worker.uuid, from: previous, to: status }, 'worker status changed')
  }
}

/**
 * The worker speaks. One that was given up on and speaks again is not broken: it goes on with what it did, instead of
 * waiting for a person to wake it.
 */
export function heardFrom(farm: Farm, worker: WorkerRecord): WorkerRecord {
  const now = farm.now()
  if (now - (worker.last_seen_at ?? 0) >= seenEveryMs) farm.workers.seen(worker.id, now)
  if (worker.status !== 'error' || worker.status_before_error === null) return worker
  const back = worker.status_before_error === 'asleep' ? 'asleep' : 'awake'
  setWorkerStatus(farm, worker, back, 'was heard of again')
  return farm.workers.byId(worker.id)
}

function normalizeTypes(types: readonly string[]): string[] {
  return [...new Set(types.map((type) => type.trim().toLowerCase()).filter((type) => type !== ''))]
}
