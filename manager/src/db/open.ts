import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import type { Logger } from 'pino'
import { DatabaseError } from './problems.ts'

export type Db = Database.Database

export interface OpenDatabaseOptions {
  path: string
  log: Logger
  /** Called before an existing database is changed to a newer form. */
  beforeMigration?: (db: Db, version: number) => void
}

const migrationsDir = join(import.meta.dirname, 'migrations')

/** Opens, checks and brings up to date. Refuses rather than repairs: a damaged database is a person's decision. */
export function openDatabase({ path, log, beforeMigration }: OpenDatabaseOptions): Db {
  mkdirSync(dirname(path), { recursive: true })
  const isNew = !existsSync(path)
  if (isNew) refuseLost(path)
  const held = lock(path)
  const db = connect(path)
  closeTogether(db, held)
  try {
    tune(db, path)
    if (!isNew) checkIntegrity(db, path)
    migrate(db, { log, ...(beforeMigration && !isNew ? { beforeMigration } : {}) })
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** A new, empty database in place of a lost one would forget every job, and the store would give up their files. */
function refuseLost(path: string): void {
  const dir = backupsBeside(path)
  const isLost = existsSync(`${path}-wal`) || (existsSync(dir) && readdirSync(dir).some(isBackup))
  if (!isLost) return
  throw new DatabaseError(
    'DATABASE_MISSING',
    `The database ${path} is gone; what is beside it is not`,
    {
      hint: `Copy the latest of ${dir} to its place, or move that folder and the -wal file away to start empty.`,
    },
  )
}

const isBackup = (name: string): boolean => /^farm-.*\.sqlite$/.test(name)

function backupsBeside(path: string): string {
  return join(dirname(path), 'backups')
}

/** Reads every page and every foreign key; throws when one is wrong. */
export function checkIntegrity(db: Db, path: string): void {
  const problems = wrapCorruption(path, () => [
    ...(db.pragma('quick_check(5)') as { quick_check: string }[]).map((row) => row.quick_check),
    ...(db.pragma('foreign_key_check') as { table: string }[]).map(
      (row) => `a row of ${row.table} refers to one that is not there`,
    ),
  ]).filter((problem) => problem !== 'ok')
  if (problems.length > 0) throw corrupt(path, problems.slice(0, 5).join('; '))
}

function connect(path: string, timeout = 5_000): Db {
  try {
    return new Database(path, { timeout })
  } catch (cause) {
    throw new DatabaseError('DATABASE_UNREADABLE', `The database ${path} cannot be opened`, {
      cause,
      hint: 'Check that the folder exists and can be written by this user.',
    })
  }
}

/**
 * One manager per database: a second one would hand out the same tasks. The lock is a transaction held on a file
 * beside it, which the system lets go of however the process ends; on the database itself it would shut out the thread
 * that makes checkpoints.
 */
function lock(path: string): Db {
  const held = connect(`${path}.lock`, 1_000)
  try {
    held.exec('BEGIN EXCLUSIVE')
    return held
  } catch (cause) {
    held.close()
    if (!isSqlite(cause, 'SQLITE_BUSY')) throw cause
    throw new DatabaseError('DATABASE_LOCKED', `The database ${path} is in use`, {
      cause,
      hint: 'Another manager is running on this data folder. Stop it, or use another --data.',
    })
  }
}

function closeTogether(db: Db, held: Db): void {
  const close = db.close.bind(db)
  db.close = () => {
    held.close()
    return close()
  }
}

function tune(db: Db, path: string): void {
  wrapCorruption(path, () => db.pragma('journal_mode = WAL'))
  db.pragma('synchronous = NORMAL')
  // Checkpoints are made elsewhere; this is for the case that they are not, as here one holds up every request: 160 ms
  // for 50,000 pages.
  db.pragma('wal_autocheckpoint = 200000')
  db.pragma('foreign_keys = ON')
  db.pragma('temp_store = MEMORY')
  db.pragma('cache_size = -16384')
}

function migrate(
  db: Db,
  { log, beforeMigration }: { log: Logger; beforeMigration?: (db: Db, version: number) => void },
): void {
  const current = db.pragma('user_version', { simple: true }) as number
  const pending = migrations().filter(({ version }) => version > current)
  const newest = migrations().at(-1)?.version ?? 0
  if (current > newest) {
    throw new DatabaseError(
      'DATABASE_TOO_NEW',
      `The database has form ${current}; this manager knows forms up to ${newest}`,
      { hint: 'Start the newer manager that wrote it, or restore a backup from before it.' },
    )
  }
  if (pending.length === 0) return
  beforeMigration?.(db, newest)
  for (const { version, name, sql } of pending) {
    db.transaction(() => {
      db.exec(sql)
      db.pragma(`user_version = ${version}`)
    })()
    log.info({ migration: name }, 'database migrated')
  }
}

function migrations(): { version: number; name: string; sql: string }[] {
  return readdirSync(migrationsDir)
    .filter((name) => /^\d{4}-.*\.sql$/.test(name))
    .sort()
    .map((name) => ({
      version: Number(name.slice(0, 4)),
      name,
      sql: readFileSync(join(migrationsDir, name), 'utf8'),
    }))
}

function wrapCorruption<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (isSqlite(cause, 'SQLITE_CORRUPT') || isSqlite(cause, 'SQLITE_NOTADB')) {
      throw corrupt(path, (cause as Error).message, cause)
    }
    throw cause
  }
}

function corrupt(path: string, detail: string, cause?: unknown): DatabaseError {
  return damaged(path, `The database ${path} is damaged: ${detail}`, cause)
}

export function damaged(path: string, message: string, cause?: unknown): DatabaseError {
  return new DatabaseError('DATABASE_CORRUPT', message, {
    cause,
    hint: `Move it away with its -wal and -shm, and copy the latest of ${backupsBeside(path)} to its place.`,
  })
}

export function isSqlite(error: unknown, code: string): boolean {
  const actual = (error as { code?: unknown } | null)?.code
  return typeof actual === 'string' && actual.startsWith(code)
}
