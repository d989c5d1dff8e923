import type { ConfigChange, ConfigRevision } from '@shaman-farm/manager-api'
import { dateTime } from '../db/times.ts'
import type { Farm } from '../farm.ts'
import { FarmError } from '../problems.ts'
import { needsRestart } from './config.ts'
import { applyPatch, isSamePlace, type Json, patchBetween, touchedKeys } from './merge-patch.ts'
import { maskSecrets } from './secrets.ts'

/** Changes of the configuration, each checked as a whole, remembered, and to be taken back. */
export interface Settings {
  patch(patch: Json, by?: string): ConfigChange
  replace(config: Json, by?: string): ConfigChange
  undo(revision: number, by?: string): ConfigChange
  history(): ConfigRevision[]
}

interface RevisionRow {
  revision: number
  created_at: number
  changed_by: string | null
  patch: string
  inverse: string
  undone: 0 | 1
  undoes: number | null
}

const shown = 500

export function createSettings({ db, config, log, now, transaction }: Farm): Settings {
  const insert = db.prepare(
    `INSERT INTO config_revisions (created_at, changed_by, patch, inverse, undoes)
     VALUES (@now, @by, @patch, @inverse, @undoes)`,
  )
  const byNumber = db.prepare<[number], RevisionRow>(
    'SELECT * FROM config_revisions WHERE revision = ?',
  )
  const since = db.prepare<[number], RevisionRow>(
    `SELECT * FROM config_revisions WHERE revision > ? AND undone = 0 AND undoes IS NULL
      ORDER BY revision`,
  )
  const latest = db.prepare<[number], RevisionRow>(
    'SELECT * FROM config_revisions ORDER BY revision DESC LIMIT ?',
  )
  const setUndone = db.prepare('UPDATE config_revisions SET undone = ? WHERE revision = ?')

  const change = (wanted: Json, by: string | undefined, undoes?: RevisionRow): ConfigChange => {
    const before = config.stored()
    const after = config.replace(wanted)
    const patch = patchBetween(maskSecrets(before), maskSecrets(after))
    const inverse = patchBetween(maskSecrets(after), maskSecrets(before))
    const keys = touchedKeys(patchBetween(before, after))
    const revision = transaction(() => {
      if (undoes) setUndone.run(1, undoes.revision)
      // What was taken back by a change that is taken back itself stands again.
      if (undoes?.undoes) setUndone.run(0, undoes.undoes)
      const row = { now: now(), by: by ?? null, undoes: undoes?.revision ?? null }
      const patches = { patch: JSON.stringify(patch), inverse: JSON.stringify(inverse) }
      return Number(insert.run({ ...row, ...patches }).lastInsertRowid)
    })
    log.info({ revision, keys }, 'configuration changed')
    return {
      revision,
      config: { ...maskSecrets(after) },
      applied: keys.filter((key) => !needsRestart(key)),
      restart_needed: keys.filter(needsRestart),
    }
  }

  return {
    patch: (patch, by) => change(applyPatch(config.stored(), patch), by),
    replace: (wanted, by) => change(wanted, by),
    undo(revision, by) {
      const row = byNumber.get(revision)
      if (!row) throw new FarmError('REVISION_UNKNOWN', `There is no change number ${revision}`)
      if (row.undone) throw notLast(revision, 'it was undone already', 'Look at the history again.')
      const places = touchedKeys(JSON.parse(row.patch) as Json)
      const later = since
        .all(revision)
        .find((other) => overlaps(places, touchedKeys(JSON.parse(other.patch) as Json)))
      if (later) {
        const hint = `Undo change ${later.revision} first.`
        throw notLast(revision, `change ${later.revision} came after it`, hint)
      }
      return change(applyPatch(config.stored(), JSON.parse(row.inverse) as Json), by, row)
    },
    history: () => latest.all(shown).map(revisionView),
  }
}

function overlaps(some: readonly string[], others: readonly string[]): boolean {
  return some.some((a) => others.some((b) => isSamePlace(a, b)))
}

function notLast(revision: number, why: string, hint: string): FarmError {
  return new FarmError('REVISION_NOT_LAST', `Change ${revision} cannot be undone: ${why}`, { hint })
}

function revisionView(row: RevisionRow): ConfigRevision {
  return {
    revision: row.revision,
    at: dateTime(row.created_at),
    ...(row.changed_by === null ? {} : { by: row.changed_by }),
    patch: JSON.parse(row.patch) as Json,
    undone: row.undone === 1,
    ...(row.undoes === null ? {} : { undoes: row.undoes }),
  }
}
