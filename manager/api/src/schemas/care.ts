import { Type } from 'typebox'
import { workerStatuses } from '../status.ts'
import { DateTime, Uuid } from './common.ts'
import { PathCheckResult } from './meta.ts'

export const doctorStatuses = ['ok', 'warn', 'fail', 'skipped'] as const

const Told = Type.String({ maxLength: 4096 })

/** One thing a worker looked at on its own machine. */
export const DoctorCheck = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 64 }),
  title: Type.String({ maxLength: 200 }),
  status: Type.Enum(doctorStatuses),
  value: Type.Optional(Told),
  detail: Type.Optional(Told),
  hint: Type.Optional(Told),
})
export type DoctorCheck = Type.Static<typeof DoctorCheck>

export const DoctorReport = Type.Object({
  at: DateTime,
  version: Type.String({ maxLength: 100 }),
  platform: Type.String({ maxLength: 100 }),
  checks: Type.Array(DoctorCheck, { maxItems: 100 }),
})
export type DoctorReport = Type.Static<typeof DoctorReport>

/** What a worker found last; without `at`, and without checks, while it has never reported. */
export const DoctorAnswer = Type.Object({
  ...Type.Partial(DoctorReport).properties,
  checks: DoctorReport.properties.checks,
})
export type DoctorAnswer = Type.Static<typeof DoctorAnswer>

/** Whether everybody who needs the storage can use it, each as seen from its own machine. */
export const StorageCheck = Type.Object({
  manager: PathCheckResult,
  workers: Type.Array(
    Type.Object({
      id: Uuid,
      name: Type.String(),
      status: Type.Enum(workerStatuses),
      at: Type.Optional(DateTime),
      check: Type.Optional(DoctorCheck),
    }),
  ),
})
export type StorageCheck = Type.Static<typeof StorageCheck>

/** What deleting some jobs would do to the store; the bytes go with the next garbage collection. */
export const DeletionPreview = Type.Object({
  jobs: Type.Integer(),
  checkouts: Type.Integer({ description: 'that no other job names' }),
  frees_bytes: Type.Integer(),
  keeps_shared_bytes: Type.Integer({ description: 'of these checkouts, but others hold them too' }),
})
export type DeletionPreview = Type.Static<typeof DeletionPreview>

export const TraceRequest = Type.Object({
  checkout_id: Type.String({ minLength: 1, maxLength: 4096 }),
  blend: Type.String({ minLength: 1, maxLength: 4096, description: 'path inside the checkout' }),
})
export type TraceRequest = Type.Static<typeof TraceRequest>

/** A file that a scene needs; paths are relative to the checkout. */
export const TracedFile = Type.Object({
  path: Type.String(),
  stored: Type.Optional(Type.String({ description: 'as the .blend names it' })),
  kind: Type.String(),
  status: Type.String(),
  size: Type.Optional(Type.Integer()),
  blend: Type.Optional(Type.String({ description: 'the .blend that names it' })),
  users: Type.Array(
    Type.Object({
      block: Type.Optional(Type.String()),
      property: Type.Optional(Type.String()),
      blend: Type.Optional(Type.String()),
    }),
  ),
})
export const TraceResult = Type.Object({
  dependencies: Type.Array(TracedFile),
  missing: Type.Integer(),
  outside: Type.Integer(),
})
export type TraceResult = Type.Static<typeof TraceResult>
