import { authOperations } from './auth.ts'
import { careOperations } from './care.ts'
import { farmOperations } from './farm.ts'
import { jobsOperations } from './jobs.ts'
import { metaOperations } from './meta.ts'
import { notificationOperations } from './notifications.ts'
import { outputsOperations } from './outputs.ts'
import { workerOperations } from './worker.ts'
import { workerMgtOperations } from './worker-mgt.ts'

export { apiBase } from './base.ts'

/** The contract: operationId to method, path and schemas. */
export const operations = {
  ...metaOperations,
  ...workerOperations,
  ...workerMgtOperations,
  ...jobsOperations,
  ...farmOperations,
  ...careOperations,
  ...outputsOperations,
  ...notificationOperations,
  ...authOperations,
} as const

export type Operations = typeof operations
export type OperationId = keyof Operations
