import { Type } from 'typebox'
import { DateTime, Uuid } from './common.ts'

export const whyCodes = [
  'job-status',
  'job-being-deleted',
  'waits-for-tasks',
  'no-workers',
  'workers-not-awake',
  'task-type-unsupported',
  'tag-mismatch',
  'blocklisted',
  'failed-by-worker',
  'workers-busy',
  'higher-priority-first',
] as const

export const WhyReason = Type.Object({
  code: Type.Enum(whyCodes),
  message: Type.String(),
  count: Type.Integer({ description: 'workers or tasks this holds for' }),
  hint: Type.Optional(Type.String()),
})
export const JobWhy = Type.Object({
  summary: Type.String(),
  ready_tasks: Type.Integer(),
  waiting_tasks: Type.Integer(),
  active_tasks: Type.Integer(),
  eligible_workers: Type.Integer(),
  reasons: Type.Array(WhyReason),
})
export type JobWhy = Type.Static<typeof JobWhy>

export const attentionKinds = [
  'failures',
  'stuck-task',
  'worker-gone',
  'worker-error',
  'no-eligible-worker',
  'storage-low',
  'blocklist-growing',
  'upload-stalled',
  'version-skew',
] as const
export const AttentionItem = Type.Object({
  id: Type.String({ description: 'stays the same while the cause does' }),
  kind: Type.Enum(attentionKinds),
  severity: Type.Enum(['error', 'warning']),
  title: Type.String(),
  detail: Type.String(),
  hint: Type.Optional(Type.String()),
  count: Type.Integer(),
  since: DateTime,
  acknowledged: Type.Boolean(),
  jobs: Type.Array(Type.Object({ id: Uuid, name: Type.String() })),
  tasks: Type.Array(
    Type.Object({ id: Uuid, job_id: Uuid, name: Type.String(), type: Type.String() }),
  ),
  workers: Type.Array(Type.Object({ id: Uuid, name: Type.String() })),
})
export type AttentionItem = Type.Static<typeof AttentionItem>
export const Attention = Type.Object({ items: Type.Array(AttentionItem) })
export type Attention = Type.Static<typeof Attention>
