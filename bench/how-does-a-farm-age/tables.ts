import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** A table of the database with its indexes. */
export interface TableSize {
  name: string
  rows: number
  bytes: number
}

/** Of a farm that is closed: the largest table first. Free pages and empty tables count as a table each. */
export function tablesOf(dir: string): TableSize[] {
  const db = new DatabaseSync(join(dir, 'flamenco-manager.sqlite'), { readOnly: true })
  try {
    const sizes = db
      .prepare(
        `SELECT coalesce(tbl_name, 'schema') AS name, sum(pgsize) AS bytes
           FROM dbstat LEFT JOIN sqlite_schema USING (name) GROUP BY 1 ORDER BY 2 DESC`,
      )
      .all() as unknown as { name: string; bytes: number }[]
    const known = sizes.map(({ name, bytes }) => ({ name, bytes, rows: rowsOf(db, name) }))
    const empty = known.filter(({ rows }) => rows === 0)
    return [
      ...known.filter(({ rows }) => rows > 0),
      { name: 'schema and empty tables', rows: 0, bytes: bytesIn(empty) },
      { name: 'free pages', rows: 0, bytes: freeBytes(db) },
    ]
  } finally {
    db.close()
  }
}

function bytesIn(tables: readonly TableSize[]): number {
  return tables.reduce((sum, { bytes }) => sum + bytes, 0)
}

function rowsOf(db: DatabaseSync, table: string): number {
  if (table === 'schema') return 0
  return (db.prepare(`SELECT count(*) AS n FROM "${table}"`).get() as { n: number }).n
}

function freeBytes(db: DatabaseSync): number {
  const pragma = (name: string): number =>
    Number(Object.values(db.prepare(`PRAGMA ${name}`).get()!)[0])
  return pragma('freelist_count') * pragma('page_size')
}
