import { needWorker } from '../http/lookup.ts'
import { type Handlers, noContent, ok } from '../http/route.ts'
import { previewDeletion } from '../jobs/deletion-preview.ts'
import type { Services } from '../services.ts'
import { checkStoragePath } from '../setup/storage-check.ts'
import { createServerTrace } from '../trace/server-trace.ts'
import { requestDoctor, takeDoctorReport } from '../workers/doctor.ts'

/** Workers' health, the storage as each sees it, and what is asked of the store before something is done. */
export function careHandlers({ farm, shaman }: Services): Handlers {
  const trace = createServerTrace({
    shaman,
    inBucket: Boolean(farm.config.current.raw.shaman.blobsIn),
    log: farm.log,
  })
  return {
    farmReportDoctor({ worker, body }) {
      takeDoctorReport(farm, worker, body)
      return noContent
    },
    farmWorkerDoctor({ params }) {
      const worker = needWorker(farm, params.worker_id)
      return ok(farm.doctors.get(worker.id) ?? { checks: [] })
    },
    farmRequestDoctor({ params }) {
      requestDoctor(farm, needWorker(farm, params.worker_id))
      return { status: 202, body: undefined }
    },
    async farmStorageCheck() {
      const { storage, dataDir } = farm.config.current
      return ok({
        manager: await checkStoragePath(storage, { ownDir: dataDir, storage }),
        workers: farm.workers.all().map(({ id, uuid, name, status }) => {
          const report = farm.doctors.get(id)
          const check = report?.checks.find((one) => one.id === 'storage')
          return { id: uuid, name, status, ...(report && check ? { at: report.at, check } : {}) }
        }),
      })
    },
    farmTrace: async ({ body }) => ok(await trace(body)),
    farmDeletionPreview: async ({ query }) =>
      ok(await previewDeletion(farm, shaman, query.ids.split(','))),
  }
}
