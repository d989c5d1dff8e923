import type { Enrolment } from '@shaman-farm/manager-api'
import type { Db } from '../db/open.ts'
import { dateTime } from '../db/times.ts'

export type EnrolmentsStore = ReturnType<typeof createEnrolmentsStore>

/** Workers that came without an enrolment token, and who let them in. */
export function createEnrolmentsStore(db: Db) {
  const ask = db.prepare(
    'INSERT OR IGNORE INTO worker_enrolments (worker_id, asked_at) VALUES (?, ?)',
  )
  const waiting = db.prepare<[], WaitingRow>(
    `SELECT w.uuid, w.name, w.address, w.platform, e.asked_at FROM worker_enrolments e
       JOIN workers w ON w.id = e.worker_id
      WHERE e.approved_at IS NULL AND w.deleted_at IS NULL ORDER BY e.asked_at, w.id`,
  )
  const isWaiting = db.prepare<[number], { worker_id: number }>(
    'SELECT worker_id FROM worker_enrolments WHERE worker_id = ? AND approved_at IS NULL',
  )
  const approve = db.prepare(
    'UPDATE worker_enrolments SET approved_at = ?, approved_by = ? WHERE worker_id = ?',
  )
  return {
    ask: (workerId: number, now: number) => void ask.run(workerId, now),
    isWaiting: (workerId: number) => isWaiting.get(workerId) !== undefined,
    approve: (workerId: number, by: string, now: number) => void approve.run(now, by, workerId),
    waiting: (): Enrolment[] =>
      waiting.all().map(({ uuid, asked_at, ...rest }) => ({
        worker_id: uuid,
        ...rest,
        asked_at: dateTime(asked_at),
      })),
  }
}

interface WaitingRow {
  uuid: string
  name: string
  address: string
  platform: string
  asked_at: number
}
