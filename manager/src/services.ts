import type { Shaman } from '@shaman-farm/shaman'
import type { Farm } from './farm.ts'
import type { FarmStatusKeeper } from './farm-status/farm-status.ts'
import type { JobTypes } from './job-types/main.ts'
import type { JobDeletions } from './jobs/job-deletions.ts'
import type { Submissions } from './jobs/submission.ts'
import type { LastRendered } from './last-rendered/last-rendered.ts'
import type { TaskRequests } from './scheduler/task-requests.ts'
import type { VariableBook } from './variables-book.ts'

/** What the routes are served by. */
export interface Services {
  readonly farm: Farm
  readonly jobTypes: JobTypes
  readonly variables: VariableBook
  readonly submissions: Submissions
  readonly deletions: JobDeletions
  readonly requests: TaskRequests
  readonly lastRendered: LastRendered
  readonly farmStatus: FarmStatusKeeper
  /** Absent when the configuration says so. */
  readonly shaman: Shaman | undefined
  readonly startedAt: number
  /** Stop, and start again with the configuration as it is then; undefined when nobody can do that. */
  readonly restart: (() => void) | undefined
}
