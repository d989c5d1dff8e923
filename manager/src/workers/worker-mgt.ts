import { randomUUID } from 'node:crypto'
import type { WorkerSleepSchedule, WorkerTag } from '@shaman-farm/manager-api'
import { isSqlite } from '../db/open.ts'
import type { Farm } from '../farm.ts'
import { announceWorker } from '../lifecycle/announce.ts'
import { requeueTasksOf } from '../lifecycle/requeue.ts'
import { FarmError } from '../problems.ts'
import { dueChanges, noteAsked, putSchedule } from './sleep-schedules.ts'
import type { TagRecord } from './tags-store.ts'
import { tagView } from './worker-views.ts'
import type { StatusRequest, WorkerRecord } from './workers-store.ts'

/** Asks a worker to take a status; asking for the one it has takes back what was asked before. */
export function requestStatus(farm: Farm, worker: WorkerRecord, request: StatusRequest): void {
  if (request.status === 'restart' && worker.can_restart === 0) {
    throw new FarmError('CANNOT_RESTART', `Worker ${worker.name} cannot restart itself`, {
      hint: 'Give it a restart exit code, and a service manager that heeds it.',
    })
  }
  farm.transaction(() => {
    const isTakenBack = request.status === worker.status
    farm.workers.setRequest(worker.id, isTakenBack ? null : request, farm.now())
    announceWorker(farm, farm.workers.byId(worker.id))
    farm.notify(`worker:${worker.id}`)
  })
}

/** Removes a worker for good; its history stays. */
export function removeWorker(farm: Farm, worker: WorkerRecord): void {
  farm.transaction(() => {
    requeueTasksOf(farm, worker, 'was removed', 'worker-lost')
    farm.workers.remove(worker.id, farm.now())
    announceWorker(farm, farm.workers.byId(worker.id), { previous: worker.status })
    farm.notify(`worker:${worker.id}`)
  })
  farm.log.info({ worker: worker.uuid, name: worker.name }, 'worker removed')
}

export function setTags(farm: Farm, worker: WorkerRecord, tags: readonly string[]): void {
  farm.transaction(() => {
    farm.tags.assign(worker.id, tags)
    announceWorker(farm, farm.workers.byId(worker.id))
    farm.notify('ready')
  })
}

export function setSchedule(farm: Farm, worker: WorkerRecord, schedule: WorkerSleepSchedule): void {
  farm.transaction(() => putSchedule(farm, worker.id, schedule))
  applySchedules(farm)
}

/** Asks for what the schedules say, where that has changed. */
export function applySchedules(farm: Farm): void {
  for (const { worker: id, status } of dueChanges(farm)) {
    const worker = farm.workers.byId(id)
    if (worker.deleted_at !== null || worker.status === 'error') continue
    farm.transaction(() => {
      noteAsked(farm, id, status)
      const isSame = worker.status === status && worker.status_requested === null
      if (!isSame) requestStatus(farm, worker, { status, isLazy: false })
    })
  }
}

export function createTag(farm: Farm, tag: WorkerTag): WorkerTag {
  const uuid = tag.id ?? randomUUID()
  const record = { uuid, name: tag.name, description: tag.description ?? '' }
  farm.transaction(() => {
    keepNamesUnique(tag.name, () => farm.tags.insert({ ...record, now: farm.now() }))
    announceTag(farm, { ...record, id: 0 })
  })
  return { id: uuid, name: tag.name, description: record.description }
}

/** An absent description stays as it is. */
export function updateTag(farm: Farm, known: TagRecord, tag: WorkerTag): void {
  const changed = { name: tag.name, description: tag.description ?? known.description }
  farm.transaction(() => {
    keepNamesUnique(tag.name, () => farm.tags.update(known.id, { ...changed, now: farm.now() }))
    announceTag(farm, { ...known, ...changed })
  })
}

/** Jobs with this tag become everybody's. */
export function deleteTag(farm: Farm, tag: TagRecord): void {
  farm.transaction(() => {
    farm.tags.remove(tag.id)
    farm.readiness.jobsChanged()
    farm.notify('ready')
    announceTag(farm, tag, true)
  })
}

function announceTag(farm: Farm, tag: TagRecord, wasDeleted = false): void {
  farm.publish({
    kind: 'tag',
    data: { tag: tagView(tag), ...(wasDeleted ? { was_deleted: true } : {}) },
  })
}

function keepNamesUnique(name: string, work: () => void): void {
  try {
    work()
  } catch (cause) {
    if (!isSqlite(cause, 'SQLITE_CONSTRAINT_UNIQUE')) throw cause
    throw new FarmError('TAG_NAME_TAKEN', `There is a worker tag "${name}" already`, { cause })
  }
}
