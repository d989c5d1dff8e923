import {
  Worker,
  WorkerList,
  WorkerSleepSchedule,
  WorkerStatusChangeRequest,
  WorkerTag,
  WorkerTagChangeRequest,
  WorkerTagList,
} from '../schemas/workers.ts'
import { operation, refusals } from './operation.ts'

const mgt = { tag: 'worker-mgt' } as const

export const workerMgtOperations = {
  fetchWorkers: operation({
    ...mgt,
    method: 'GET',
    path: '/worker-mgt/workers',
    summary: 'All workers',
    responses: { 200: WorkerList },
  }),
  fetchWorker: operation({
    ...mgt,
    method: 'GET',
    path: '/worker-mgt/workers/{worker_id}',
    summary: 'One worker, with its tags and its current or last task',
    responses: { 200: Worker, ...refusals(400, 404) },
  }),
  deleteWorker: operation({
    ...mgt,
    method: 'DELETE',
    path: '/worker-mgt/workers/{worker_id}',
    summary: 'Remove a worker; its active tasks are queued again',
    responses: { 204: null, ...refusals(400, 404) },
  }),
  requestWorkerStatusChange: operation({
    ...mgt,
    method: 'POST',
    path: '/worker-mgt/workers/{worker_id}/setstatus',
    summary: 'Ask a worker to take a status, now or when its task is done',
    body: WorkerStatusChangeRequest,
    responses: { 204: null, ...refusals(400, 404, 412) },
  }),
  setWorkerTags: operation({
    ...mgt,
    method: 'POST',
    path: '/worker-mgt/workers/{worker_id}/settags',
    summary: "Replace a worker's tags",
    body: WorkerTagChangeRequest,
    responses: { 204: null, ...refusals(400, 404) },
  }),
  fetchWorkerSleepSchedule: operation({
    ...mgt,
    method: 'GET',
    path: '/worker-mgt/workers/{worker_id}/sleep-schedule',
    summary: 'When a worker sleeps',
    responses: { 200: WorkerSleepSchedule, 204: null, ...refusals(400) },
  }),
  setWorkerSleepSchedule: operation({
    ...mgt,
    method: 'POST',
    path: '/worker-mgt/workers/{worker_id}/sleep-schedule',
    summary: 'Set when a worker sleeps',
    body: WorkerSleepSchedule,
    responses: { 204: null, ...refusals(400, 404) },
  }),
  fetchWorkerTags: operation({
    ...mgt,
    method: 'GET',
    path: '/worker-mgt/tags',
    summary: 'All tags',
    responses: { 200: WorkerTagList },
  }),
  createWorkerTag: operation({
    ...mgt,
    method: 'POST',
    path: '/worker-mgt/tags',
    summary: 'Make a tag',
    body: WorkerTag,
    responses: { 200: WorkerTag, ...refusals(400, 409) },
  }),
  fetchWorkerTag: operation({
    ...mgt,
    method: 'GET',
    path: '/worker-mgt/tag/{tag_id}',
    summary: 'One tag',
    responses: { 200: WorkerTag, ...refusals(400, 404) },
  }),
  updateWorkerTag: operation({
    ...mgt,
    method: 'PUT',
    path: '/worker-mgt/tag/{tag_id}',
    summary: 'Rename or describe a tag',
    body: WorkerTag,
    responses: { 204: null, ...refusals(400, 404, 409) },
  }),
  deleteWorkerTag: operation({
    ...mgt,
    method: 'DELETE',
    path: '/worker-mgt/tag/{tag_id}',
    summary: 'Remove a tag; jobs with it can then run on every worker',
    responses: { 204: null, ...refusals(400, 404) },
  }),
} as const
