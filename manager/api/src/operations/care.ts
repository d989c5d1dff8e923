import { Type } from 'typebox'
import {
  DeletionPreview,
  DoctorAnswer,
  DoctorReport,
  StorageCheck,
  TraceRequest,
  TraceResult,
} from '../schemas/care.ts'
import { ConfigChange, ConfigHistory, ConfigPatch, ConfigUndo } from '../schemas/settings.ts'
import { operation, refusals } from './operation.ts'

const farm = { tag: 'farm' } as const

/** Looking after the farm: its workers' health, its storage, its settings. */
export const careOperations = {
  farmReportDoctor: operation({
    ...farm,
    auth: 'worker',
    method: 'POST',
    path: '/farm/worker/doctor',
    summary: 'What a worker found when it looked itself over',
    body: DoctorReport,
    responses: { 204: null, ...refusals(400, 403) },
  }),
  farmWorkerDoctor: operation({
    ...farm,
    method: 'GET',
    path: '/farm/workers/{worker_id}/doctor',
    summary: "A worker's last report on itself",
    responses: { 200: DoctorAnswer, ...refusals(400, 404) },
  }),
  farmRequestDoctor: operation({
    ...farm,
    method: 'POST',
    path: '/farm/workers/{worker_id}/doctor/request',
    summary: 'Ask for a fresh report; the worker hears it when it next asks for a task',
    responses: { 202: null, ...refusals(400, 404) },
  }),
  farmStorageCheck: operation({
    ...farm,
    method: 'GET',
    path: '/farm/storage-check',
    summary: 'Whether the manager and each worker can use the storage',
    responses: { 200: StorageCheck },
  }),
  farmChangeConfig: operation({
    ...farm,
    method: 'PATCH',
    path: '/farm/config',
    summary: 'Change some of the configuration, by JSON merge patch',
    body: ConfigPatch,
    responses: { 200: ConfigChange, ...refusals(400, 500) },
  }),
  farmConfigHistory: operation({
    ...farm,
    method: 'GET',
    path: '/farm/config/history',
    summary: 'The changes of the configuration, latest first; secrets are masked',
    responses: { 200: ConfigHistory },
  }),
  farmUndoConfig: operation({
    ...farm,
    method: 'POST',
    path: '/farm/config/undo',
    summary: 'Take one change back; refused when a later one changed the same',
    body: ConfigUndo,
    responses: { 200: ConfigChange, ...refusals(400, 404, 409, 500) },
  }),
  farmTrace: operation({
    ...farm,
    method: 'POST',
    path: '/farm/trace',
    summary: 'What a scene in a checkout needs, traced on the manager',
    body: TraceRequest,
    responses: { 200: TraceResult, ...refusals(400, 404, 422, 503) },
  }),
  farmDeletionPreview: operation({
    ...farm,
    method: 'GET',
    path: '/farm/jobs/deletion-preview',
    summary: 'How many bytes deleting these jobs would free',
    query: Type.Object({ ids: Type.String({ minLength: 1, description: 'comma-separated' }) }),
    responses: { 200: DeletionPreview, ...refusals(400, 404) },
  }),
} as const
