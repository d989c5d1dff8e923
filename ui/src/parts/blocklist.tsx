import { A } from '@solidjs/router'
import { createEffect, createSignal, For, type JSX, on } from 'solid-js'
import { actOnEach } from '../farm/acts.ts'
import { call } from '../farm/api.ts'
import { type Exclusion, readmit } from '../farm/exclusion.ts'
import { createRead, type Read } from '../farm/read.ts'
import type { JobBlocklist, JobPage, WorkerRow } from '../farm/wire.ts'
import { ExcludeFromJob, ExcludeWorker } from './exclude.tsx'

/** Workers that get no more tasks of a type of this job, and the ways onto the list and off it. */
export function BlockedWorkers(props: { jobId: string; list: Read<JobBlocklist> }) {
  const allow = (entry: JobBlocklist[number]): Promise<void> =>
    readmit([exclusionOf(props.jobId, entry)], props.list.reload)
  return (
    <section class="card" aria-label="Blocked workers">
      <header>
        <h2>{props.list.data()?.length ? 'Blocked for this job' : 'No worker is blocked'}</h2>
        <ExcludeWorker jobId={props.jobId} onDone={props.list.reload} />
      </header>
      <ul>
        <For each={props.list.data()}>
          {(entry) => (
            <Blocked taskType={entry.task_type} onAllow={() => void allow(entry)}>
              <A href={`/workers/${entry.worker_id}`}>{entry.worker_name ?? entry.worker_id}</A>
            </Blocked>
          )}
        </For>
      </ul>
    </section>
  )
}

const lookedAtMost = 100
const unfinished = 'active,queued,failed,paused,pause-requested,requeueing'

/** Jobs that do not give this worker tasks any more, among those that still could. */
export function BlockedJobs(props: {
  worker: Pick<WorkerRow, 'id' | 'name' | 'supported_task_types'>
}) {
  const jobs = createRead<JobPage>(() => '/farm/jobs', {
    query: () => ({ status: unfinished, sort: '-updated', limit: lookedAtMost }),
  })
  const [blocks, setBlocks] = createSignal<readonly (Exclusion & { jobName: string })[]>([])
  const load = async (): Promise<void> => {
    const names = new Map(jobs.data()?.jobs.map((job) => [job.id, job.name]))
    const found: (Exclusion & { jobName: string })[] = []
    await actOnEach([...names.keys()], async (jobId) => {
      for (const entry of await call<JobBlocklist>(`/jobs/${jobId}/blocklist`)) {
        if (entry.worker_id !== props.worker.id) continue
        found.push({ ...exclusionOf(jobId, entry), jobName: names.get(jobId) ?? jobId })
      }
    })
    setBlocks(found)
  }
  createEffect(on(jobs.asOf, (known) => known !== undefined && void load()))
  return (
    <section class="card" aria-label="Blocked for">
      <header>
        <h2>{blocks().length > 0 ? 'Blocked for' : 'Blocked for no job'}</h2>
        <ExcludeFromJob worker={props.worker} jobs={jobs.data()?.jobs ?? []} onDone={jobs.reload} />
      </header>
      <ul>
        <For each={blocks()}>
          {(block) => (
            <Blocked taskType={block.taskType} onAllow={() => void readmit([block], jobs.reload)}>
              <A href={`/jobs/${block.jobId}`}>{block.jobName}</A>
            </Blocked>
          )}
        </For>
      </ul>
    </section>
  )
}

function Blocked(props: { taskType: string; onAllow: () => void; children: JSX.Element }) {
  return (
    <li class="row-gap">
      <span class="truncate">{props.children}</span>
      <span class="muted">{props.taskType}</span>
      <button type="button" class="button spread" onClick={() => props.onAllow()}>
        Allow again
      </button>
    </li>
  )
}

function exclusionOf(jobId: string, entry: JobBlocklist[number]): Exclusion {
  const { worker_id, worker_name, task_type } = entry
  return { jobId, workerId: worker_id, workerName: worker_name ?? worker_id, taskType: task_type }
}
