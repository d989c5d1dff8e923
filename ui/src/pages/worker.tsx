import { A, useNavigate, useParams } from '@solidjs/router'
import { createSignal, Show } from 'solid-js'
import { actOnEach } from '../farm/acts.ts'
import { call } from '../farm/api.ts'
import { tellOutcome } from '../farm/do-acts.ts'
import { useFarm } from '../farm/farm.tsx'
import { createRead } from '../farm/read.ts'
import type { Attempts, Worker } from '../farm/wire.ts'
import { Ago } from '../parts/ago.tsx'
import { AttemptList } from '../parts/attempt-list.tsx'
import { BlockedJobs } from '../parts/blocklist.tsx'
import { CopyButton } from '../parts/copy-button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Doctor } from '../parts/doctor.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { SleepSchedule } from '../parts/sleep-schedule.tsx'
import { StatusWord } from '../parts/status-word.tsx'
import { Told } from '../parts/told.tsx'
import { WorkerActs } from '../parts/worker-acts.tsx'
import { WorkerStatusWord } from '../parts/worker-status.tsx'
import { WorkerTags } from '../parts/worker-tags.tsx'
import { WorkerTimeline } from '../parts/worker-timeline/timeline.tsx'
import page from './page.module.css'
import styles from './worker.module.css'

/** Is this worker healthy, what does it take, when does it sleep? */
export function WorkerPage() {
  const params = useParams<{ worker: string }>()
  const farm = useFarm()
  const worker = createRead<Worker>(() => `/worker-mgt/workers/${params.worker}`, { soonMs: 300 })
  const attempts = createRead<Attempts>(() => `/farm/workers/${params.worker}/attempts`, {
    query: () => ({ limit: 100 }),
    soonMs: 1500,
  })
  farm.on('worker', (event) => {
    if (event.id !== params.worker) return
    worker.reloadSoon()
    attempts.reloadSoon()
  })
  return (
    <div class={page.page}>
      <Told read={worker} what="the worker" above={{ href: '/workers', label: 'All workers' }}>
        {(data) => (
          <>
            <header class={page.head}>
              <div>
                <nav class="muted" aria-label="Breadcrumb">
                  <A href="/workers">Workers</A> /
                </nav>
                <h1 class={styles.title}>
                  {data().name} <WorkerStatusWord worker={data()} />
                </h1>
              </div>
              <span class="spread row-gap">
                <WorkerActs workers={[data()]} />
                <RemoveWorker worker={data()} />
              </span>
            </header>
            <div class={page.two}>
              <div class="stack">
                <Show when={attempts.data()?.attempts.length}>
                  <section class="card" aria-label="Timeline">
                    <WorkerTimeline title="The last day" attempts={attempts.data()!.attempts} />
                  </section>
                </Show>
                <section class="card" aria-label="History">
                  <header>
                    <h2>What it did</h2>
                  </header>
                  <Told read={attempts} what="what it did">
                    {(done) => (
                      <Show
                        when={done().attempts.length > 0}
                        fallback={
                          <EmptyState
                            small
                            icon="worker"
                            title="It has not worked on anything yet."
                          />
                        }
                      >
                        <AttemptList attempts={done().attempts} byTask />
                      </Show>
                    )}
                  </Told>
                </section>
              </div>
              <div class="stack">
                <WorkerFacts worker={data()} />
                <BlockedJobs worker={data()} />
                <Doctor workerId={data().id} name={data().name} />
                <WorkerTags worker={data()} onChange={worker.reload} />
                <SleepSchedule workerId={data().id} />
              </div>
            </div>
          </>
        )}
      </Told>
    </div>
  )
}

function WorkerFacts(props: { worker: Worker }) {
  const worker = () => props.worker
  return (
    <section class="card" aria-label="Worker">
      <dl class="facts">
        <dt>Seen</dt>
        <dd>
          <Ago time={worker().last_seen} none="never" />
        </dd>
        <Show when={worker().task}>
          {(task) => (
            <>
              <dt>{task().status === 'active' ? 'Task' : 'Last task'}</dt>
              <dd class="row-gap">
                <A href={`/jobs/${task().job_id}/tasks/${task().id}`}>{task().name}</A>
                <StatusWord kind="task" status={task().status} />
              </dd>
            </>
          )}
        </Show>
        <dt>Takes</dt>
        <dd>{worker().supported_task_types.join(', ')}</dd>
        <dt>Address</dt>
        <dd class={styles.copyable}>
          <code>{worker().ip_address}</code>
          <CopyButton text={() => worker().ip_address} what="the address" />
        </dd>
        <dt>Platform</dt>
        <dd>{worker().platform}</dd>
        <dt>Version</dt>
        <dd>{worker().version}</dd>
        <dt>Can restart</dt>
        <dd>{worker().can_restart ? 'yes' : 'no: nothing would start it again'}</dd>
        <dt>Id</dt>
        <dd class={styles.copyable}>
          <code>{worker().id}</code>
          <CopyButton text={() => worker().id} what="the worker id" />
        </dd>
      </dl>
    </section>
  )
}

function RemoveWorker(props: { worker: Worker }) {
  const [open, setOpen] = createSignal(false)
  const navigate = useNavigate()
  const remove = async (): Promise<void> => {
    setOpen(false)
    const { id, name } = props.worker
    const results = await actOnEach([id], () =>
      call(`/worker-mgt/workers/${id}`, { method: 'DELETE' }),
    )
    tellOutcome('Removed', 'worker', results, () => name)
    if (!results[0]?.error) navigate('/workers')
  }
  return (
    <>
      <button type="button" class="button" onClick={() => setOpen(true)}>
        Remove…
      </button>
      <Dialog open={open()} onClose={() => setOpen(false)} title={`Remove ${props.worker.name}?`}>
        <p>
          Its running task goes back to the queue.
          {props.worker.status === 'offline'
            ? ''
            : ' It is still online: it cannot take tasks until it is registered anew.'}
        </p>
        <div class="row-gap">
          <button type="button" class="button primary" onClick={() => void remove()}>
            Remove {props.worker.name}
          </button>
          <button type="button" class="button" onClick={() => setOpen(false)}>
            Keep
          </button>
        </div>
      </Dialog>
    </>
  )
}
