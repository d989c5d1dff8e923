import type { Db } from './open.ts'

/** One transaction per request; nested ones join it. What must only happen once it is stored is put off until then. */
export interface Transactions {
  run<T>(work: () => T): T
  /** Runs after the commit, in order; never after a rollback. Outside a transaction: at once. */
  afterCommit(action: () => void): void
}

export function createTransactions(
  db: Db,
  { onRollback = () => {} }: { onRollback?: () => void } = {},
): Transactions {
  const begin = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  const rollback = db.prepare('ROLLBACK')
  let later: (() => void)[] | undefined

  const settle = (): void => {
    const actions = later ?? []
    later = undefined
    for (const action of actions) action()
  }

  return {
    run(work) {
      if (later) return work()
      begin.run()
      later = []
      let result: ReturnType<typeof work>
      try {
        result = work()
        commit.run()
      } catch (error) {
        later = undefined
        if (db.inTransaction) rollback.run()
        onRollback()
        throw error
      }
      settle()
      return result
    },
    afterCommit(action) {
      if (later) later.push(action)
      else action()
    },
  }
}
