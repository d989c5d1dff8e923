import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { Logger } from 'pino'
import type { Farm } from '../farm.ts'
import { checkFile } from './check-file.ts'
import { checkIntegrity, type Db } from './open.ts'

const kept = 7
// A backup takes turns with the requests: so many pages at a time.
const pagesPerTurn = 500

/** Copies the database while it is in use, and reads the copy from end to end. */
export async function backUp(farm: Farm): Promise<string> {
  const dir = backupsDir(farm.config.current.dataDir)
  const path = join(dir, `farm-${stamp(farm.now())}.sqlite`)
  const copy = `${path}.part`
  farm.transactions.flush()
  await farm.db.backup(copy, { progress: () => pagesPerTurn })
  const problem = await checkFile(copy)
  if (problem) {
    await rename(copy, `${path}.damaged`)
    throw new Error(`the database is damaged: ${problem}`)
  }
  await rename(copy, path)
  await rm(`${copy}-journal`, { force: true })
  dropOld(dir)
  farm.log.info({ path }, 'database backed up')
  return path
}

/** Before a database is changed to a newer form: back is only possible from here. */
export function backUpBefore(db: Db, dataDir: string, version: number, log: Logger): void {
  const path = join(backupsDir(dataDir), `farm-before-form-${version}-${stamp(Date.now())}.sqlite`)
  const copy = `${path}.part`
  db.prepare('VACUUM INTO ?').run(copy)
  const written = new Database(copy, { readonly: true })
  checkIntegrity(written, copy)
  written.close()
  renameSync(copy, path)
  log.info({ path }, 'database backed up before its migration')
}

function backupsDir(dataDir: string): string {
  const dir = join(dataDir, 'backups')
  mkdirSync(dir, { recursive: true })
  return dir
}

function dropOld(dir: string): void {
  const backups = readdirSync(dir).filter((name) => /^farm-\d.*\.sqlite$/.test(name))
  for (const name of backups.sort().slice(0, -kept)) rmSync(join(dir, name), { force: true })
}

function stamp(now: number): string {
  return new Date(now).toISOString().replace(/[:.]/g, '-')
}
