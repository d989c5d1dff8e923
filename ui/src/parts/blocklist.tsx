import { A } from '@solidjs/router'
import { createEffect, createSignal, For, type JSX, on, Show } from 'solid-js'
import { actOnEach } from '../farm/acts.ts'
import { call } from '../farm/api.ts'
import { tellOutcome } from '../farm/do-acts.ts'
import { createRead, type Read } from '../farm/read.ts'
import type { JobBlocklist, JobPage } from '../farm/wire.ts'

interface Block {
  jobId: string
  workerId: string
  taskType: string
}

/** Workers that get no more tasks of a type of this job, and the way to let them try again. */
export function BlockedWorkers(props: { jobId: string; list: Read<JobBlocklist> }) {
  const blocks = () => props.list.data() ?? []
  const allow = async (entry: JobBlocklist[number]): Promise<void> => {
    const block = { jobId: props.jobId, workerId: entry.worker_id, taskType: entry.task_type }
    await unblock(block, entry.worker_name ?? entry.worker_id)
    props.list.reload()
  }
  return (
    <Show when={blocks().length > 0}>
      <section class="card" aria-label="Blocked workers">
        <header>
          <h2>Blocked for this job</h2>
        </header>
        <ul>
          <For each={blocks()}>
            {(entry) => (
              <Blocked taskType={entry.task_type} onAllow={() => void allow(entry)}>
                <A href={`/workers/${entry.worker_id}`}>{entry.worker_name ?? entry.worker_id}</A>
              </Blocked>
            )}
          </For>
        </ul>
      </section>
    </Show>
  )
}

const lookedAtMost = 100
const unfinished = 'active,queued,failed,paused,pause-requested,requeueing'

/** Jobs that do not give this worker tasks any more, among those that still could. */
export function BlockedJobs(props: { workerId: string; name: string }) {
  const jobs = createRead<JobPage>(() => '/farm/jobs', {
    query: () => ({ status: unfinished, sort: '-updated', limit: lookedAtMost }),
  })
  const [blocks, setBlocks] = createSignal<readonly (Block & { jobName: string })[]>([])
  const load = async (): Promise<void> => {
    const names = new Map(jobs.data()?.jobs.map((job) => [job.id, job.name]))
    const found: (Block & { jobName: string })[] = []
    await actOnEach([...names.keys()], async (jobId) => {
      for (const entry of await call<JobBlocklist>(`/jobs/${jobId}/blocklist`)) {
        if (entry.worker_id !== props.workerId) continue
        const jobName = names.get(jobId) ?? jobId
        found.push({ jobId, jobName, workerId: entry.worker_id, taskType: entry.task_type })
      }
    })
    setBlocks(found)
  }
  createEffect(on(jobs.asOf, (known) => known !== undefined && void load()))
  const allow = async (block: Block): Promise<void> => {
    await unblock(block, props.name)
    jobs.reload()
  }
  return (
    <Show when={blocks().length > 0}>
      <section class="card" aria-label="Blocked for">
        <header>
          <h2>Blocked for</h2>
        </header>
        <ul>
          <For each={blocks()}>
            {(block) => (
              <Blocked taskType={block.taskType} onAllow={() => void allow(block)}>
                <A href={`/jobs/${block.jobId}`}>{block.jobName}</A>
              </Blocked>
            )}
          </For>
        </ul>
      </section>
    </Show>
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

async function unblock({ jobId, workerId, taskType }: Block, name: string): Promise<void> {
  const body = [{ worker_id: workerId, task_type: taskType }]
  const results = await actOnEach([workerId], () =>
    call(`/jobs/${jobId}/blocklist`, { method: 'DELETE', body }),
  )
  tellOutcome('Allowed again:', 'worker', results, () => name)
}
