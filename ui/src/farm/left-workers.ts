import { call } from './api.ts'
import type { Exclusion } from './exclusion.ts'
import type { JobBlocklist, SubmittedJob, WorkerPage, WorkerRow } from './wire.ts'

/** A type of a job's tasks that nobody takes any more. */
export interface Orphaned {
  jobId: string
  jobName: string
  taskType: string
}

type Candidate = Pick<WorkerRow, 'id' | 'supported_task_types' | 'tags'>

export interface Takers {
  workers: readonly Candidate[]
  blocked: JobBlocklist
  /** The tag that the job asks of its workers. */
  tag?: string | undefined
}

/** Who takes a type of a job's tasks, awake or not. */
export function takersOf(taskType: string, { workers, blocked, tag }: Takers): string[] {
  const isBlocked = (id: string): boolean =>
    blocked.some((entry) => entry.worker_id === id && entry.task_type === taskType)
  return workers
    .filter((worker) => worker.supported_task_types.includes(taskType))
    .filter((worker) => tag === undefined || worker.tags?.some(({ id }) => id === tag))
    .map(({ id }) => id)
    .filter((id) => !isBlocked(id))
}

/** What nobody would take any more, were these workers kept off; what nobody takes today is not among it. */
export async function orphanedBy(all: readonly Exclusion[]): Promise<Orphaned[]> {
  const { workers } = await call<WorkerPage>('/farm/workers', { query: { limit: 1000 } })
  const byJob = [...Map.groupBy(all, ({ jobId }) => jobId)]
  const found = await Promise.all(
    byJob.map(async ([jobId, ofJob]) => {
      const [job, blocked] = await Promise.all([
        call<SubmittedJob>(`/jobs/${jobId}`),
        call<JobBlocklist>(`/jobs/${jobId}/blocklist`),
      ])
      return orphanedTypes(ofJob, { workers, blocked, tag: job.worker_tag }).map((taskType) => ({
        jobId,
        jobName: job.name,
        taskType,
      }))
    }),
  )
  return found.flat()
}

/** Of one job. */
export function orphanedTypes(
  exclusions: readonly Pick<Exclusion, 'workerId' | 'taskType'>[],
  takers: Takers,
): string[] {
  const byType = Map.groupBy(exclusions, ({ taskType }) => taskType)
  return [...byType].flatMap(([taskType, ofType]) => {
    const gone = new Set(ofType.map(({ workerId }) => workerId))
    const taking = takersOf(taskType, takers)
    return taking.length > 0 && taking.every((id) => gone.has(id)) ? [taskType] : []
  })
}
