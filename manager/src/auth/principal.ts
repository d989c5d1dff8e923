import type { Role } from '@shaman-farm/manager-api'
import type { WorkerRecord } from '../workers/workers-store.ts'
import type { Access } from './access.ts'

/** Who sent a request. */
export interface Principal {
  name: string
  /** `worker` without a worker is an enrolment token: it reads what a worker has to know before it is one. `anyone` when the farm is open, or nothing was asked for. */
  role: Role | 'anyone'
  tokenId?: string
  worker?: WorkerRecord
}

export const anyone: Principal = { name: 'anyone', role: 'anyone' }

const rank: Readonly<Record<string, number>> = { artist: 1, wrangler: 2, admin: 3 }

/** Whether the role is enough; for `owner` an artist's is not, for that depends on the job. */
export function mayUse({ role, worker }: Principal, access: Access): boolean {
  switch (access) {
    case 'anyone':
      return true
    case 'member':
      return role !== 'anyone'
    case 'worker':
      return worker !== undefined
    case 'owner':
      return (rank[role] ?? 0) >= rank.wrangler!
    default:
      return (rank[role] ?? 0) >= rank[access]!
  }
}
