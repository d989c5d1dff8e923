import { jobOutputs, writtenFiles } from '../farm-views/outputs.ts'
import { needJob } from '../http/lookup.ts'
import { type Handlers, handled, ok } from '../http/route.ts'
import type { Services } from '../services.ts'
import { upcomingCheckouts } from '../upcoming/upcoming.ts'
import { ofFrames } from './of-frames.ts'
import { outputsTar } from './outputs-tar.ts'
import { findReusable } from './reuse.ts'
import { storeOutputs } from './take-outputs.ts'

export function outputsHandlers(services: Services): Handlers {
  const { farm, variables } = services
  return {
    async farmStoreJobOutputs({ params }) {
      const job = needJob(farm, params.job_id)
      await storeOutputs(services, job, writtenFiles(farm, job, variables))
      return ok(jobOutputs(farm, job, variables))
    },
    farmJobOutputsTar({ params, query, reply }) {
      const job = needJob(farm, params.job_id)
      const all = jobOutputs(farm, job, variables)
      const outputs = query.frames === undefined ? all : ofFrames(all, query.frames)
      const name = encodeURIComponent(`${job.name}.tar`)
      void reply
        .type('application/x-tar')
        .header('content-disposition', `attachment; filename*=UTF-8''${name}`)
        .send(outputsTar(services, outputs))
      return handled
    },
    farmWorkerUpcoming: ({ worker }) => ok({ checkouts: upcomingCheckouts(farm, worker) }),
    async farmTaskReusable({ worker, params, body }) {
      return ok(await findReusable(services, worker.id, params.task_id, body))
    },
  }
}
