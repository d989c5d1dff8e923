import type { Db } from './open.ts'

/**
 * One transaction per request; nested ones join it. What must only happen once it is stored is put off until then.
 *
 * Writing a commit costs more than most requests, so those that come by the hundred use `soon`: all of one turn of the
 * loop are stored by one commit, and each is answered after it. Each is undone on its own when it fails.
 */
export interface Transactions {
  /** Stored when it returns. */
  run<T>(work: () => T): T
  /** Stored when it resolves. */
  soon<T>(work: () => T): Promise<T>
  /** Runs after the commit, in order; never after a rollback. Outside a transaction: at once. */
  afterCommit(action: () => void): void
  /** Stores what is waiting to be. */
  flush(): void
}

interface Batch {
  later: (() => void)[]
  waiting: { resolve(): void; reject(error: unknown): void }[]
}

export function createTransactions(
  db: Db,
  { onRollback = () => {} }: { onRollback?: () => void } = {},
): Transactions {
  const begin = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  const rollback = db.prepare('ROLLBACK')
  const save = db.prepare('SAVEPOINT request')
  const keep = db.prepare('RELEASE request')
  const undo = db.prepare('ROLLBACK TO request')
  let batch: Batch | undefined
  let isInside = false
  let planned: NodeJS.Immediate | undefined

  const open = (): Batch => {
    if (batch) return batch
    begin.run()
    batch = { later: [], waiting: [] }
    return batch
  }

  const perform = <T>(work: () => T, { later }: Batch): T => {
    const mark = later.length
    save.run()
    isInside = true
    try {
      const result = work()
      keep.run()
      return result
    } catch (error) {
      later.length = mark
      if (db.inTransaction) {
        undo.run()
        keep.run()
      }
      onRollback()
      throw error
    } finally {
      isInside = false
    }
  }

  const flush = (): void => {
    if (planned) clearImmediate(planned)
    planned = undefined
    const stored = batch
    batch = undefined
    if (!stored) return
    try {
      commit.run()
    } catch (error) {
      if (db.inTransaction) rollback.run()
      onRollback()
      for (const { reject } of stored.waiting) reject(error)
      throw error
    }
    for (const action of stored.later) action()
    for (const { resolve } of stored.waiting) resolve()
  }

  const flushLater = (): void => {
    try {
      flush()
    } catch {
      // Those who wait have been told.
    }
  }

  return {
    run(work) {
      if (isInside) return work()
      const current = open()
      try {
        return perform(work, current)
      } finally {
        flush()
      }
    },
    async soon(work) {
      if (isInside) return work()
      const current = open()
      planned ??= setImmediate(flushLater)
      const result = perform(work, current)
      await new Promise<void>((resolve, reject) => {
        current.waiting.push({ resolve, reject })
      })
      return result
    },
    afterCommit(action) {
      if (batch && isInside) batch.later.push(action)
      else action()
    },
    flush,
  }
}
