import { workerStatuses } from '@shaman-farm/manager-api'
import { type Handlers, ok } from '../http/route.ts'
import type { Services } from '../services.ts'
import { workerDetail } from '../workers/worker-views.ts'
import { statusList } from './status-list.ts'

export function workerPageHandlers({ farm }: Services): Handlers {
  return {
    farmWorkers({ query }) {
      const statuses = statusList(query.status, workerStatuses)
      const text = query.q?.toLowerCase() ?? ''
      const found = farm.workers
        .all()
        .filter(({ status }) => !statuses || statuses.includes(status))
        .filter(({ name, address }) => `${name} ${address}`.toLowerCase().includes(text))
      const offset = query.offset ?? 0
      const page = found.slice(offset, offset + (query.limit ?? 200))
      return ok({
        workers: page.map((worker) => workerDetail(farm, worker)),
        total: found.length,
      })
    },
  }
}
