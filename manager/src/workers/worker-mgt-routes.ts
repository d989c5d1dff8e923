import { needTag, needWorker } from '../http/lookup.ts'
import { type Handlers, noContent, ok } from '../http/route.ts'
import type { Services } from '../services.ts'
import { getSchedule } from './sleep-schedules.ts'
import {
  createTag,
  deleteTag,
  removeWorker,
  requestStatus,
  setSchedule,
  setTags,
  updateTag,
} from './worker-mgt.ts'
import { tagView, workerDetail, workerSummary } from './worker-views.ts'

/** What people do with workers and tags. */
export function workerMgtHandlers({ farm }: Services): Handlers {
  return {
    fetchWorkers: () => ok({ workers: farm.workers.all().map(workerSummary) }),
    fetchWorker: ({ params }) => ok(workerDetail(farm, needWorker(farm, params.worker_id))),
    deleteWorker({ params }) {
      removeWorker(farm, needWorker(farm, params.worker_id))
      return noContent
    },
    requestWorkerStatusChange({ params, body }) {
      const worker = needWorker(farm, params.worker_id)
      requestStatus(farm, worker, { status: body.status, isLazy: body.is_lazy })
      return noContent
    },
    setWorkerTags({ params, body }) {
      setTags(farm, needWorker(farm, params.worker_id), body.tag_ids)
      return noContent
    },
    fetchWorkerSleepSchedule({ params }) {
      const worker = farm.workers.byUuid(params.worker_id)
      const schedule = worker && getSchedule(farm, worker.id)
      return schedule ? ok(schedule) : noContent
    },
    setWorkerSleepSchedule({ params, body }) {
      setSchedule(farm, needWorker(farm, params.worker_id), body)
      return noContent
    },
    fetchWorkerTags: () => ok({ tags: farm.tags.all().map(tagView) }),
    createWorkerTag: ({ body }) => ok(createTag(farm, body)),
    fetchWorkerTag: ({ params }) => ok(tagView(needTag(farm, params.tag_id))),
    updateWorkerTag({ params, body }) {
      updateTag(farm, needTag(farm, params.tag_id), body)
      return noContent
    },
    deleteWorkerTag({ params }) {
      deleteTag(farm, needTag(farm, params.tag_id))
      return noContent
    },
  }
}
