import type { Accessor } from 'solid-js'
import { useFarm } from './farm.tsx'
import { createRead, type Read } from './read.ts'
import type { JobBlocklist } from './wire.ts'

/** Which workers get no more tasks of which type of a job, following its tasks' events. */
export function createBlocklist(jobId: Accessor<string>): Read<JobBlocklist> {
  const farm = useFarm()
  const list = createRead<JobBlocklist>(() => `/jobs/${jobId()}/blocklist`, {
    key: 'worker_id',
    soonMs: 2000,
  })
  farm.on('task', (event) => event.job_id === jobId() && list.reloadSoon())
  return list
}
