import type { JobRow, ManagerClient } from '@shaman-farm/manager-api'
import { UserError } from '@shaman-farm/terminal'

/** The one job whose id begins like that. */
export async function findJob(client: ManagerClient, id: string): Promise<JobRow> {
  if (!/^[0-9a-f-]{4,36}$/i.test(id)) {
    throw new UserError(`"${id}" is no job id`, {
      code: 'BAD_ID',
      hint: 'Give the id, or its first characters (four at least); `farm job list` shows them.',
    })
  }
  const { jobs } = await client.farmJobs({ query: { q: id, limit: 1000 } })
  const found = jobs.filter((job) => job.id.startsWith(id.toLowerCase()))
  if (found.length === 1) return found[0]!
  if (found.length > 1) {
    throw new UserError(`${found.length} jobs have an id that begins with ${id}`, {
      code: 'AMBIGUOUS_ID',
      hint: 'Give more of it.',
    })
  }
  throw new UserError(`There is no job ${id}`, {
    code: 'JOB_UNKNOWN',
    hint: '`farm job list` shows the jobs.',
  })
}
