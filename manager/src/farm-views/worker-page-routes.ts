import { type WorkerCounts, type workerSorts, workerStatuses } from '@shaman-farm/manager-api'
import { type Handlers, ok } from '../http/route.ts'
import type { Services } from '../services.ts'
import { workerDetail } from '../workers/worker-views.ts'
import type { WorkerRecord } from '../workers/workers-store.ts'
import { statusList } from './status-list.ts'

type Compare = (a: WorkerRecord, b: WorkerRecord) => number

// They come by name, and so do those that are alike.
const byName: Compare = () => 0
const bySeen: Compare = (a, b) => (a.last_seen_at ?? 0) - (b.last_seen_at ?? 0)
const orderOf: Readonly<Record<(typeof workerSorts)[number], Compare>> = {
  name: byName,
  '-name': byName,
  seen: bySeen,
  '-seen': (a, b) => bySeen(b, a),
  status: (a, b) => a.status.localeCompare(b.status),
}

export function workerPageHandlers({ farm }: Services): Handlers {
  return {
    farmWorkers({ query }) {
      const statuses = statusList(query.status, workerStatuses)
      const text = query.q?.toLowerCase() ?? ''
      const sort = query.sort ?? 'name'
      const sought = farm.workers
        .all()
        .filter(({ name, address }) => `${name} ${address}`.toLowerCase().includes(text))
        .sort(orderOf[sort])
      if (sort === '-name') sought.reverse()
      const found = sought.filter(({ status }) => !statuses || statuses.includes(status))
      const offset = query.offset ?? 0
      const page = found.slice(offset, offset + (query.limit ?? 200))
      return ok({
        workers: page.map((worker) => workerDetail(farm, worker)),
        total: found.length,
        counts: countByStatus(sought),
      })
    },
  }
}

/** Of all that is sought for, whatever its status: that is what choosing another status would show. */
function countByStatus(workers: readonly WorkerRecord[]): WorkerCounts {
  const counts = Object.fromEntries(workerStatuses.map((status) => [status, 0])) as WorkerCounts
  for (const { status } of workers) counts[status] += 1
  return counts
}
