import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { TaskUpdate } from '@shaman-farm/manager-api'
import { UserError } from '@shaman-farm/terminal'
import Database from 'better-sqlite3'
import type { Logger } from 'pino'
import { createBackoff } from './backoff.ts'

export interface StoredUpdate {
  seq: number
  taskId: string
  update: TaskUpdate
}

/** `done`: the manager has it. `refused`: it will never take it. `later`: try again. */
export type Delivery = 'done' | 'refused' | 'later'

/**
 * What the manager is yet to be told, in order and on disk. Each update has a sequence number that the manager
 * remembers, so that one whose answer got lost is not applied twice.
 */
export interface Outbox {
  /** Begins to deliver; until then updates only gather. */
  start(delivery: OutboxDelivery): void
  add(taskId: string, update: TaskUpdate): void
  /** Resolves when nothing is left to deliver, or the signal fires. */
  drained(signal: AbortSignal): Promise<void>
  readonly size: number
  close(): Promise<void>
}

export interface OutboxDelivery {
  deliver: (update: StoredUpdate, signal: AbortSignal) => Promise<Delivery>
  onRefused?: (update: StoredUpdate) => void
}

export interface OutboxOptions {
  home: string
  log: Logger
  now?: () => number
  retry?: { minMs: number; maxMs: number }
}

const maxRows = 100_000

export function openOutbox(options: OutboxOptions): Outbox {
  const { log } = options
  const store = openStore(options.home, options.now ?? Date.now)
  const closing = new AbortController()
  const backoff = createBackoff(options.retry ?? { minMs: 250, maxMs: 15_000 })
  let wake = Promise.withResolvers<void>()
  let idle = Promise.withResolvers<void>()

  async function send({ deliver, onRefused }: OutboxDelivery): Promise<void> {
    while (!closing.signal.aborted) {
      const next = store.first()
      if (!next) {
        idle.resolve()
        await wake.promise
        wake = Promise.withResolvers()
        continue
      }
      const outcome = await deliver(next, closing.signal).catch((error: unknown) => {
        if (!closing.signal.aborted) log.debug({ err: error, task: next.taskId }, 'update waits')
        return 'later' as const
      })
      if (outcome === 'later') {
        await backoff.wait(closing.signal)
        continue
      }
      backoff.reset()
      store.remove(next.seq)
      if (outcome === 'refused') {
        log.warn({ task: next.taskId, seq: next.seq }, 'update refused by manager')
        onRefused?.(next)
      }
    }
  }
  let sending: Promise<void> | undefined

  return {
    start(delivery) {
      sending ??= send(delivery)
    },
    add(taskId, update) {
      if (store.count() >= maxRows) store.dropOldestLog()
      store.add(taskId, update)
      if (store.count() === 1) idle = Promise.withResolvers()
      wake.resolve()
    },
    async drained(signal) {
      if (store.count() === 0) return
      const aborted = Promise.withResolvers<void>()
      const onAbort = (): void => aborted.resolve()
      signal.addEventListener('abort', onAbort, { once: true })
      if (!signal.aborted) await Promise.race([idle.promise, aborted.promise])
      signal.removeEventListener('abort', onAbort)
    },
    get size() {
      return store.count()
    },
    async close() {
      closing.abort()
      wake.resolve()
      await sending
      store.close()
    },
  }
}

interface Row {
  seq: number
  task_id: string
  payload: string
}

function openStore(home: string, now: () => number) {
  mkdirSync(home, { recursive: true })
  const file = join(home, 'worker.sqlite')
  const db = lockedDatabase(file, home)
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = NORMAL')
  db.exec(`CREATE TABLE IF NOT EXISTS task_updates (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, task_id TEXT NOT NULL, payload TEXT NOT NULL)`)
  // Numbers start at the clock, so that a home whose database was lost does not count from 1 again
  // and have its updates taken for repeats.
  db.prepare(
    `INSERT INTO sqlite_sequence (name, seq) SELECT 'task_updates', ?
     WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'task_updates')`,
  ).run(now())
  const insert = db.prepare('INSERT INTO task_updates (task_id, payload) VALUES (?, ?)')
  const select = db.prepare<[], Row>('SELECT * FROM task_updates ORDER BY seq LIMIT 1')
  const remove = db.prepare('DELETE FROM task_updates WHERE seq = ?')
  const dropLog = db.prepare(
    `DELETE FROM task_updates WHERE seq = (SELECT min(seq) FROM task_updates
      WHERE json_extract(payload, '$.taskStatus') IS NULL AND seq > (SELECT min(seq) FROM task_updates))`,
  )
  let count = db.prepare<[], { n: number }>('SELECT count(*) AS n FROM task_updates').get()?.n ?? 0
  return {
    count: () => count,
    add(taskId: string, update: TaskUpdate): void {
      insert.run(taskId, JSON.stringify(update))
      count += 1
    },
    first(): StoredUpdate | undefined {
      const row = select.get()
      if (!row) return undefined
      return { seq: row.seq, taskId: row.task_id, update: JSON.parse(row.payload) as TaskUpdate }
    },
    remove(seq: number): void {
      count -= remove.run(seq).changes
    },
    /** In a very long outage log lines give way; what became of the tasks does not. */
    dropOldestLog(): void {
      count -= dropLog.run().changes
    },
    close: () => db.close(),
  }
}

/** One worker a home: the lock goes with the process, however it ends. */
function lockedDatabase(file: string, home: string): Database.Database {
  const db = new Database(file, { timeout: 1_000 })
  try {
    db.pragma('locking_mode = EXCLUSIVE')
    db.exec('BEGIN EXCLUSIVE; COMMIT')
    return db
  } catch (cause) {
    db.close()
    if ((cause as { code?: string }).code !== 'SQLITE_BUSY') throw cause
    throw new UserError(`Another worker uses the folder ${home}`, {
      code: 'HOME_IN_USE',
      hint: 'Stop it, or give this one its own folder with --home.',
      cause,
    })
  }
}
