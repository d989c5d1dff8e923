import type { WorkerRow, WorkerStatus } from './wire.ts'

/** By need of a look: what is wrong comes first, what is away last. */
export const workerStatusOrder: readonly WorkerStatus[] = [
  'error',
  'awake',
  'asleep',
  'starting',
  'restart',
  'testing',
  'offline',
]

const textOf = {
  name: (worker) => worker.name,
  task: (worker) => worker.task?.name,
  tags: (worker) => worker.tags.map((tag) => tag.name).join(', '),
  takes: (worker) => worker.supported_task_types.join(', '),
  address: (worker) => worker.ip_address,
  version: (worker) => worker.version,
  seen: (worker) => worker.last_seen,
  status: (worker) => String(workerStatusOrder.indexOf(worker.status)),
} satisfies Record<string, (worker: WorkerRow) => string | undefined>

export type WorkerSort = keyof typeof textOf

/**
 * Workers in the order that an address names: `version`, or `-version` from the end. Who has nothing there comes last
 * either way, and equals are by name; an order that nobody knows is that of names.
 */
export function sortWorkers(workers: readonly WorkerRow[], sort: string): WorkerRow[] {
  const turned = sort.startsWith('-')
  const key = turned ? sort.slice(1) : sort
  const wordOf = Object.hasOwn(textOf, key) ? textOf[key as WorkerSort] : textOf.name
  return workers.toSorted((a, b) => {
    const [one, other] = [wordOf(a), wordOf(b)]
    if (!one || !other) return Number(!one) - Number(!other) || compare(a.name, b.name)
    return (turned ? compare(other, one) : compare(one, other)) || compare(a.name, b.name)
  })
}

function compare(a: string, b: string): number {
  return a.localeCompare(b, undefined, { numeric: true })
}
