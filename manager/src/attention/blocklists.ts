import { dateTime } from '../db/times.ts'
import type { Farm } from '../farm.ts'
import { dayMs, type Trouble } from './trouble.ts'

interface BlockRow {
  created_at: number
  job: string
  job_name: string
  worker: string
  worker_name: string
}

// One block is what the rules are for; the second of the same job or worker tells where the fault lies.
const fewestBlocks = 2

/** Jobs that get worker after worker blocked, and workers that get blocked in job after job, within the last day. */
export function growingBlocklists(farm: Farm): Trouble[] {
  const rows = farm.db
    .prepare<[number], BlockRow>(
      `SELECT b.created_at, j.uuid AS job, j.name AS job_name, w.uuid AS worker, w.name AS worker_name
       FROM job_blocks b JOIN jobs j ON j.id = b.job_id JOIN workers w ON w.id = b.worker_id
       WHERE b.by_person = 0 AND b.created_at >= ? AND w.deleted_at IS NULL
       ORDER BY b.created_at DESC LIMIT 2000`,
    )
    .all(farm.now() - dayMs)
  const workersOf = Map.groupBy(rows, ({ job }) => job)
  const jobsOf = Map.groupBy(rows, ({ worker }) => worker)
  return [...workersOf.values()]
    .flatMap((blocks) => ofJob(blocks))
    .concat([...jobsOf.values()].flatMap((blocks) => ofWorker(blocks)))
}

function ofJob(blocks: readonly BlockRow[]): Trouble[] {
  const [{ job, job_name }] = blocks as [BlockRow]
  const { workers } = namesIn(blocks)
  if (workers.length < fewestBlocks) return []
  return [
    {
      ...common(blocks),
      key: `blocklist job ${job} ${workers.length}`,
      title: `${workers.length} workers were blocked for ${job_name}`,
      detail: 'They failed its tasks again and again.',
      hint: 'When worker after worker fails, look for the fault in the job.',
      count: workers.length,
    },
  ]
}

function ofWorker(blocks: readonly BlockRow[]): Trouble[] {
  const [{ worker, worker_name }] = blocks as [BlockRow]
  const { jobs } = namesIn(blocks)
  if (jobs.length < fewestBlocks) return []
  return [
    {
      ...common(blocks),
      key: `blocklist worker ${worker} ${jobs.length}`,
      title: `${worker_name} was blocked for ${jobs.length} jobs`,
      detail: 'It failed their tasks again and again.',
      hint: "Look at the worker's own page: a worker that fails in job after job is at fault itself.",
      count: jobs.length,
    },
  ]
}

function common(blocks: readonly BlockRow[]): Omit<Trouble, 'key' | 'title' | 'detail' | 'count'> {
  const { jobs, workers } = namesIn(blocks)
  return {
    kind: 'blocklist-growing',
    severity: 'warning',
    since: dateTime(Math.min(...blocks.map(({ created_at }) => created_at))),
    jobs: jobs.slice(0, 20),
    tasks: [],
    workers: workers.slice(0, 20),
  }
}

function namesIn(blocks: readonly BlockRow[]): Record<'jobs' | 'workers', Trouble['jobs']> {
  const jobs = new Map(blocks.map(({ job, job_name }) => [job, job_name]))
  const workers = new Map(blocks.map(({ worker, worker_name }) => [worker, worker_name]))
  const named = (map: Map<string, string>) => [...map].map(([id, name]) => ({ id, name }))
  return { jobs: named(jobs), workers: named(workers) }
}
