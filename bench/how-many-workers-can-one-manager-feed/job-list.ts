import { createManagerClient, type ManagerClient } from '@shaman-farm/manager-api'
import type { ManagerProcess } from '../harness/manager-process.ts'
import { quantile } from '../harness/quantile.ts'
import type { QuestionContext } from '../harness/question.ts'
import { submitEcho } from './manager-facts.ts'

export interface JobList {
  jobs: number
  pages: { name: string; p50: number; p99: number }[]
}

const pageSize = 50
const samples = 60

/** Pages of a long list of jobs, as the dashboard asks for them. */
export async function measureJobList(
  { url }: ManagerProcess,
  context: QuestionContext,
): Promise<JobList> {
  const client = createManagerClient({ url, timeoutMs: 120_000 })
  const jobs = context.quick ? 500 : 10_000
  await submitMany(client, jobs)
  context.log(`${jobs} jobs`)
  const queries = {
    'the latest': {},
    'by status': { status: 'queued,active' },
    'by a word of the name': { q: 'shot 77' },
    'by status and word, by priority, the fifth page': {
      status: 'queued',
      q: 'shot',
      sort: '-priority',
      offset: 4 * pageSize,
    },
  } as const
  const pages: JobList['pages'] = []
  for (const [name, query] of Object.entries(queries)) {
    const times: number[] = []
    for (let i = 0; i < samples; i += 1) {
      const start = performance.now()
      await client.farmJobs({ query: { limit: pageSize, ...query } })
      times.push(performance.now() - start)
    }
    pages.push({ name, p50: quantile(times, 0.5), p99: quantile(times, 0.99) })
  }
  return { jobs, pages }
}

async function submitMany(client: ManagerClient, jobs: number): Promise<void> {
  let next = 0
  const submitter = async (): Promise<void> => {
    while (next < jobs) {
      next += 1
      await submitEcho(client, 2, `shot ${next}`)
    }
  }
  await Promise.all(Array.from({ length: 4 }, submitter))
}
