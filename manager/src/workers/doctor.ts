import type { DoctorReport } from '@shaman-farm/manager-api'
import type { Farm } from '../farm.ts'
import type { WorkerRecord } from './workers-store.ts'

/** Asks for a fresh report; a worker that is waiting for a task hears it at once. */
export function requestDoctor(farm: Farm, worker: WorkerRecord): void {
  farm.transaction(() => {
    farm.doctors.request(worker.id, farm.now())
    farm.notify(`doctor:${worker.id}`)
  })
  farm.log.info({ worker: worker.uuid }, 'worker report requested')
}

export function takeDoctorReport(farm: Farm, worker: WorkerRecord, report: DoctorReport): void {
  farm.transaction(() => farm.doctors.put(worker.id, report))
  const troubles = report.checks.filter(({ status }) => status === 'fail').map(({ id }) => id)
  if (troubles.length > 0) farm.log.warn({ worker: worker.uuid, troubles }, 'worker is not well')
}
