import { actOnEach } from './acts.ts'
import { call } from './api.ts'
import { tellOutcome } from './do-acts.ts'
import { useFarm } from './farm.tsx'
import { createRead, type Read } from './read.ts'
import type { WorkerPage, WorkerRow, WorkerStatus } from './wire.ts'

/** All workers, following their events. */
export function createWorkers(
  query: () => Record<string, string | undefined> = () => ({}),
): Read<WorkerPage> {
  const farm = useFarm()
  const workers = createRead<WorkerPage>(() => '/farm/workers', {
    query: () => ({ ...query(), limit: 1000 }),
    soonMs: 800,
  })
  farm.on('worker', (event) => {
    workers.patch((page) => ({
      ...page,
      workers: page.workers.map((worker) =>
        worker.id === event.id ? withEvent(worker, event) : worker,
      ),
    }))
    workers.reloadSoon()
  })
  return workers
}

function withEvent(
  worker: WorkerRow,
  event: Pick<WorkerRow, 'status' | 'name' | 'version' | 'can_restart'> &
    Partial<Pick<WorkerRow, 'status_change' | 'last_seen'>>,
): WorkerRow {
  const { status_change: _, ...rest } = worker
  return {
    ...rest,
    name: event.name,
    status: event.status,
    version: event.version,
    can_restart: event.can_restart,
    ...(event.last_seen ? { last_seen: event.last_seen } : {}),
    ...(event.status_change ? { status_change: event.status_change } : {}),
  }
}

export interface WorkerAct {
  id: string
  verb: string
  past: string
  status: WorkerStatus
  /** After the task it runs, instead of at once. */
  lazy: boolean
  applies(worker: Pick<WorkerRow, 'status' | 'can_restart'>): boolean
}

const online = (worker: Pick<WorkerRow, 'status'>): boolean => worker.status !== 'offline'
const restartable = (worker: Pick<WorkerRow, 'status' | 'can_restart'>): boolean =>
  worker.can_restart && online(worker)
// A sleeping worker wakes and an awake one has no need to.
const awakeable = (worker: Pick<WorkerRow, 'status'>): boolean => worker.status !== 'awake'
const awake = (worker: Pick<WorkerRow, 'status'>): boolean => worker.status === 'awake'

export const workerActs: readonly WorkerAct[] = [
  { id: 'wake', verb: 'Wake up', past: 'Waking', status: 'awake', lazy: false, applies: awakeable },
  {
    id: 'sleep',
    verb: 'Sleep after its task',
    past: 'Asleep after its task:',
    status: 'asleep',
    lazy: true,
    applies: awake,
  },
  {
    id: 'sleep-now',
    verb: 'Sleep now',
    past: 'Going to sleep:',
    status: 'asleep',
    lazy: false,
    applies: awake,
  },
  {
    id: 'restart',
    verb: 'Restart after its task',
    past: 'Restarting after its task:',
    status: 'restart',
    lazy: true,
    applies: restartable,
  },
  {
    id: 'restart-now',
    verb: 'Restart now',
    past: 'Restarting',
    status: 'restart',
    lazy: false,
    applies: restartable,
  },
  {
    id: 'stop',
    verb: 'Stop after its task',
    past: 'Stopping after its task:',
    status: 'offline',
    lazy: true,
    applies: online,
  },
  {
    id: 'stop-now',
    verb: 'Stop now',
    past: 'Stopping',
    status: 'offline',
    lazy: false,
    applies: online,
  },
]

export async function actOnWorkers(
  act: WorkerAct,
  workers: readonly Pick<WorkerRow, 'id' | 'name' | 'status'>[],
): Promise<void> {
  const before = new Map(workers.map((worker) => [worker.id, worker]))
  const nameOf = (id: string): string => before.get(id)?.name ?? id
  const results = await actOnEach([...before.keys()], (id) => request(id, act.status, act.lazy))
  const done = results.filter((result) => !result.error).map((result) => result.key)
  // Asking for the status a worker has takes back what was asked of it.
  const takeBack = async (): Promise<void> => {
    const undone = await actOnEach(done, (id) => request(id, before.get(id)!.status, false))
    tellOutcome('Took it back for', 'worker', undone, nameOf)
  }
  tellOutcome(act.past, 'worker', results, nameOf, () => void takeBack())
}

function request(id: string, status: WorkerStatus, lazy: boolean): Promise<unknown> {
  return call(`/worker-mgt/workers/${id}/setstatus`, {
    method: 'POST',
    body: { status, is_lazy: lazy },
  })
}
