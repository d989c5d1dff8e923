import type { FarmEvent } from '@shaman-farm/manager-api'
import type { Logger } from 'pino'
import type { LiveConfig } from './config/config.ts'
import { createLogFlush } from './db/log-flush.ts'
import type { Db } from './db/open.ts'
import { createTransactions, type Transactions } from './db/transactions.ts'
import { createEventBus, type EventBus } from './events/bus.ts'
import { createSignals, type Signals } from './events/signals.ts'
import { createJobsStore, type JobsStore } from './jobs/jobs-store.ts'
import { createTaskLogs, type TaskLogs } from './logs/task-logs.ts'
import { noticeOf } from './notifications/notice.ts'
import {
  createNotificationsStore,
  type NotificationsStore,
} from './notifications/notifications-store.ts'
import { createOutputsStore, type OutputsStore } from './outputs/outputs-store.ts'
import { createReadiness, type Readiness } from './scheduler/readiness.ts'
import { type AttemptsStore, createAttemptsStore } from './tasks/attempts-store.ts'
import { createTasksStore, type TasksStore } from './tasks/tasks-store.ts'
import { createDoctorStore, type DoctorStore } from './workers/doctor-store.ts'
import { createTagsStore, type TagsStore } from './workers/tags-store.ts'
import { createWorkersStore, type WorkersStore } from './workers/workers-store.ts'

/** What every rule works with: the stores, the clock, and the two ways to tell others. */
export interface Farm {
  readonly db: Db
  readonly log: Logger
  readonly config: LiveConfig
  readonly now: () => number
  readonly jobs: JobsStore
  readonly tasks: TasksStore
  readonly attempts: AttemptsStore
  readonly outputs: OutputsStore
  readonly workers: WorkersStore
  readonly doctors: DoctorStore
  readonly tags: TagsStore
  readonly notifications: NotificationsStore
  readonly logs: TaskLogs
  readonly events: EventBus
  readonly signals: Signals
  readonly readiness: Readiness
  readonly transactions: Transactions
  transaction<T>(work: () => T): T
  /** Resolves when what was committed before survives a power cut, too. */
  durable(): Promise<void>
  /** Told to the world once the running transaction is stored. */
  publish(event: FarmEvent): void
  /** Wakes waiting requests once the running transaction is stored. */
  notify(name: string): void
}

export function createFarm(parts: {
  db: Db
  log: Logger
  config: LiveConfig
  now?: () => number
}): Farm {
  const { db, log, config, now = Date.now } = parts
  const events = createEventBus()
  const signals = createSignals()
  const jobs = createJobsStore(db)
  const tasks = createTasksStore(db)
  const notifications = createNotificationsStore(db)
  const readiness = createReadiness({ jobs, tasks })
  const transactions = createTransactions(db, { onRollback: readiness.forget })
  return {
    db,
    log,
    config,
    now,
    jobs,
    tasks,
    attempts: createAttemptsStore(db),
    outputs: createOutputsStore(db),
    workers: createWorkersStore(db),
    doctors: createDoctorStore(db),
    tags: createTagsStore(db),
    notifications,
    logs: createTaskLogs(config.current.localStorage),
    events,
    signals,
    readiness,
    transactions,
    transaction: transactions.run,
    durable: createLogFlush(db),
    publish(event) {
      const notice = noticeOf(event)
      // Stored with what it tells of, so that neither is there without the other.
      if (notice) notifications.add(notice, now())
      transactions.afterCommit(() => {
        events.publish(event)
        if (notice) signals.notify('notification')
      })
    },
    notify: (name) => transactions.afterCommit(() => signals.notify(name)),
  }
}
