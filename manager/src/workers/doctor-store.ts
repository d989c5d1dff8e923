import type { DoctorReport } from '@shaman-farm/manager-api'
import type { Db } from '../db/open.ts'

/** What workers found when they looked themselves over, and who is asked to do so again. */
export interface DoctorStore {
  put(worker: number, report: DoctorReport): void
  get(worker: number): DoctorReport | undefined
  request(worker: number, now: number): void
  /** Somebody waits for a fresh report of this worker. */
  isWanted(worker: number): boolean
  /** The same, and the worker has not been told since: true once for each time somebody asks. */
  isNews(worker: number): boolean
}

export function createDoctorStore(db: Db): DoctorStore {
  const put = db.prepare<[number, string]>(
    `INSERT INTO worker_doctor (worker_id, report) VALUES (?, ?)
     ON CONFLICT (worker_id) DO UPDATE SET report = excluded.report, requested_at = NULL`,
  )
  const get = db.prepare<[number], { report: string | null }>(
    'SELECT report FROM worker_doctor WHERE worker_id = ?',
  )
  const request = db.prepare<[number, number]>(
    `INSERT INTO worker_doctor (worker_id, requested_at) VALUES (?, ?)
     ON CONFLICT (worker_id) DO UPDATE SET requested_at = excluded.requested_at`,
  )
  const wanting = db.prepare<[], { worker_id: number }>(
    'SELECT worker_id FROM worker_doctor WHERE requested_at IS NOT NULL',
  )
  // Asked with every request for a task, so it is kept at hand.
  const wanted = new Set(wanting.all().map((row) => row.worker_id))
  const untold = new Set(wanted)
  return {
    put(worker, report) {
      put.run(worker, JSON.stringify(report))
      wanted.delete(worker)
      untold.delete(worker)
    },
    get(worker) {
      const report = get.get(worker)?.report
      return report ? (JSON.parse(report) as DoctorReport) : undefined
    },
    request(worker, now) {
      request.run(worker, now)
      wanted.add(worker)
      untold.add(worker)
    },
    isWanted: (worker) => wanted.has(worker),
    isNews: (worker) => untold.delete(worker),
  }
}
