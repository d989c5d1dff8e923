import { AssignedTask, MayKeepRunning, TaskUpdate } from '../schemas/tasks.ts'
import {
  RegisteredWorker,
  WorkerRegistration,
  WorkerSignOn,
  WorkerStateChange,
  WorkerStateChanged,
} from '../schemas/workers.ts'
import { operation, refusals } from './operation.ts'

const worker = { tag: 'worker', auth: 'worker' } as const

export const workerOperations = {
  registerWorker: operation({
    method: 'POST',
    path: '/worker/register-worker',
    tag: 'worker',
    summary: 'Enter a new worker, with the secret it chose',
    body: WorkerRegistration,
    responses: { 200: RegisteredWorker, ...refusals(400, 403, 429, 503) },
  }),
  signOn: operation({
    ...worker,
    method: 'POST',
    path: '/worker/sign-on',
    summary: 'Say that the worker is there, and hear which status it is to take',
    body: WorkerSignOn,
    responses: { 200: WorkerStateChange, ...refusals(403, 500) },
  }),
  signOff: operation({
    ...worker,
    method: 'POST',
    path: '/worker/sign-off',
    summary: 'Say that the worker goes offline',
    responses: { 204: null, ...refusals(403, 500) },
  }),
  workerState: operation({
    ...worker,
    method: 'GET',
    path: '/worker/state',
    summary: 'The status the worker is asked to take, if any',
    responses: { 200: WorkerStateChange, 204: null, ...refusals(403) },
  }),
  workerStateChanged: operation({
    ...worker,
    method: 'POST',
    path: '/worker/state-changed',
    summary: 'Say which status the worker has now',
    body: WorkerStateChanged,
    responses: { 204: null, ...refusals(403) },
  }),
  scheduleTask: operation({
    ...worker,
    method: 'POST',
    path: '/worker/task',
    summary: 'Ask for a task; with X-Farm-Wait, wait for one',
    responses: {
      200: AssignedTask,
      204: null,
      423: WorkerStateChange,
      ...refusals(403, 409, 500, 503),
    },
  }),
  taskUpdate: operation({
    ...worker,
    method: 'POST',
    path: '/worker/task/{task_id}',
    summary: 'Report on a task; X-Farm-Update-Seq makes a repeat harmless',
    body: TaskUpdate,
    responses: { 204: null, ...refusals(400, 403, 404, 409, 500) },
  }),
  mayWorkerRun: operation({
    ...worker,
    method: 'GET',
    path: '/worker/task/{task_id}/may-i-run',
    summary: 'Whether to go on with a task; with X-Farm-Wait, wait until not',
    responses: { 200: MayKeepRunning, ...refusals(400, 403) },
  }),
  taskOutputProduced: operation({
    ...worker,
    method: 'POST',
    path: '/worker/task/{task_id}/output-produced',
    summary: 'Show the latest rendered image',
    rawBody: ['image/jpeg', 'image/png'],
    responses: { 202: null, ...refusals(400, 403, 404, 411, 413, 429, 500) },
  }),
} as const
