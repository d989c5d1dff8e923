import { needJob } from '../http/lookup.ts'
import { type Handlers, noContent, ok } from '../http/route.ts'
import { FarmError } from '../problems.ts'
import type { Services } from '../services.ts'
import { taskSummary } from '../tasks/task-views.ts'
import { excludeWorkers, readmitWorkers } from './blocklist.ts'
import { orderJobStatus, setPriority, setTag } from './job-orders.ts'
import { jobView } from './job-views.ts'

export function jobHandlers(services: Services): Handlers {
  const { farm, jobTypes, submissions, deletions, lastRendered, shaman } = services
  return {
    getJobTypes: async () => ok({ job_types: await jobTypes.list() }),
    getJobType: async ({ params }) => ok(await jobTypes.get(params.typeName)),
    fetchJobs: () => ok({ jobs: farm.jobs.all().map((job) => jobView(farm, job)) }),
    submitJob: async ({ body }) => ok(jobView(farm, await submissions.submit(body))),
    async submitJobCheck({ body }) {
      await submissions.check(body)
      return noContent
    },
    deleteJobMass({ body }) {
      if (!body.last_updated_max) {
        throw new FarmError('BAD_REQUEST', 'last_updated_max is missing')
      }
      // Clients show seconds: a job shown as updated in that second is meant too.
      const until = Math.ceil(Date.parse(body.last_updated_max) / 1000) * 1000
      if (deletions.requestUpdatedUntil(until) === 0) {
        throw new FarmError('NOTHING_MATCHES', 'No job was last updated that long ago')
      }
      return noContent
    },
    fetchGlobalLastRenderedInfo() {
      const info = lastRendered.latest()
      return info ? ok(info) : noContent
    },
    fetchJob: ({ params }) => ok(jobView(farm, needJob(farm, params.job_id))),
    deleteJob({ params }) {
      deletions.request(needJob(farm, params.job_id))
      return noContent
    },
    deleteJobWhatWouldItDo({ params }) {
      const job = needJob(farm, params.job_id)
      return ok({ shaman_checkout: shaman !== undefined && job.shaman_checkout_id !== '' })
    },
    fetchJobLastRenderedInfo({ params }) {
      const info = lastRendered.infoOf(params.job_id)
      return info ? ok(info) : noContent
    },
    setJobStatus({ params, body }) {
      orderJobStatus(farm, needJob(farm, params.job_id), body.status, body.reason)
      return noContent
    },
    setJobPriority({ params, body }) {
      setPriority(farm, needJob(farm, params.job_id), body.priority)
      return noContent
    },
    setJobTag({ params, body }) {
      setTag(farm, needJob(farm, params.job_id), body)
      return noContent
    },
    fetchJobTasks({ params }) {
      const job = farm.jobs.byUuid(params.job_id)
      return ok({ tasks: job ? farm.tasks.ofJob(job.id).map(taskSummary) : [] })
    },
    fetchJobBlocklist({ params }) {
      const job = farm.jobs.byUuid(params.job_id)
      const entries = job ? farm.workers.blocklist(job.id) : []
      return ok(
        entries.map(({ uuid, name, task_type }) => ({
          worker_id: uuid,
          task_type,
          worker_name: name,
        })),
      )
    },
    farmExcludeWorkers({ params, body }) {
      excludeWorkers(farm, needJob(farm, params.job_id), body)
      return noContent
    },
    removeJobBlocklist({ params, body }) {
      readmitWorkers(farm, needJob(farm, params.job_id), body)
      return noContent
    },
  }
}
