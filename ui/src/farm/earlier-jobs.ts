import { createMemo } from 'solid-js'
import { createRead } from './read.ts'
import { shotOf } from './shot.ts'
import type { JobPage, JobRow } from './wire.ts'

/** Other jobs of the same shot, the latest first. */
export function createEarlierJobs(job: () => { id: string; name: string } | undefined) {
  const shot = () => {
    const now = job()
    return now && shotOf(now.name)
  }
  const found = createRead<JobPage>(() => (shot() ? '/farm/jobs' : undefined), {
    query: () => ({ q: shot(), sort: '-created', limit: 20 }),
  })
  return createMemo<readonly JobRow[]>(() =>
    (found.data()?.jobs ?? []).filter((one) => one.id !== job()?.id && shotOf(one.name) === shot()),
  )
}
