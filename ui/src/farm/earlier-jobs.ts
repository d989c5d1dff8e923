import { createMemo } from 'solid-js'
import { createRead } from './read.ts'
import type { JobPage, JobRow } from './wire.ts'

/** A job's name but for its version: `sh020_anim_v014` and `sh020_anim_v013` are of one shot. */
export function shotOf(name: string): string {
  return name.replace(/[\s._-]*v?\d+$/i, '')
}

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
