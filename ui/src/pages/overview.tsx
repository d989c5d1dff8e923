import { A } from '@solidjs/router'
import { createMemo, For, Show } from 'solid-js'
import { useAttention } from '../farm/attention.tsx'
import { useFarm } from '../farm/farm.tsx'
import { formatCount } from '../farm/format.ts'
import { createRead } from '../farm/read.ts'
import { jobStatusOrder, lookOf } from '../farm/status.ts'
import { tellEta } from '../farm/tell-eta.ts'
import type { JobPage, JobRow, WorkerRow } from '../farm/wire.ts'
import { createWorkers } from '../farm/workers.ts'
import { Ago } from '../parts/ago.tsx'
import { AttentionCard } from '../parts/attention-card.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { FirstJob } from '../parts/first-job.tsx'
import { NewestFrames } from '../parts/newest-frames.tsx'
import { ProgressBar } from '../parts/progress-bar.tsx'
import { StatusWord } from '../parts/status-word.tsx'
import { StoreGauge } from '../parts/store-gauge.tsx'
import { Throughput } from '../parts/throughput.tsx'
import { Told } from '../parts/told.tsx'
import styles from './overview.module.css'
import page from './page.module.css'

const unfinished = 'active,queued,failed,pause-requested,cancel-requested,requeueing'

/** Is anything wrong? */
export function Overview() {
  const farm = useFarm()
  const attention = useAttention()
  const workers = createWorkers()
  const jobs = createRead<JobPage>(() => '/farm/jobs', {
    query: () => ({ status: unfinished, sort: '-updated', limit: 12 }),
    soonMs: 1000,
  })
  const newest = createRead<JobPage>(() => '/farm/jobs', {
    query: () => ({ sort: '-updated', limit: 24 }),
    soonMs: 1500,
  })
  farm.on('job', () => {
    jobs.reloadSoon()
    newest.reloadSoon()
  })

  const open = () => attention.data()?.items.filter((item) => !item.acknowledged) ?? []
  const frames = createMemo(
    () =>
      newest
        .data()
        ?.jobs.filter((job) => job.thumbnail)
        .slice(0, 8) ?? [],
  )
  // By what changes seldom: a job that gets on keeps its place.
  const inProgress = createMemo(() =>
    (jobs.data()?.jobs ?? []).toSorted(
      (a, b) =>
        jobStatusOrder.indexOf(a.status) - jobStatusOrder.indexOf(b.status) ||
        b.priority - a.priority ||
        a.created.localeCompare(b.created),
    ),
  )
  farm.on('last-rendered', ({ job_id }) => {
    if (!frames().some((job) => job.id === job_id)) newest.reloadSoon()
  })
  const nothingYet = () => newest.data()?.total === 0 && workers.data()?.total === 0

  return (
    <div class={page.page}>
      <h1 class="sr-only">Overview</h1>
      <p class={styles.sentence}>
        <StatusWord kind="farm" status={farm.status()} />
        <span class="muted">{lookOf('farm', farm.status()).doc}</span>
      </p>
      <Show when={!nothingYet()} fallback={<FirstJob />}>
        <div class={`${page.two} ${styles.halves}`}>
          <div class="stack">
            <section class={`card ${styles.attention}`} aria-label="Attention">
              <header>
                <h2>Attention</h2>
                <A href="/attention" class="spread">
                  {open().length > 5 ? `All ${open().length}` : 'All issues'}
                </A>
              </header>
              <Told read={attention} what="what needs attention">
                {() => (
                  <Show
                    when={open().length > 0}
                    fallback={<EmptyState small icon="done" title="Nothing needs you." />}
                  >
                    <div class={styles.issues}>
                      <For each={open().slice(0, 5)}>
                        {(item) => <AttentionCard item={item} onDone={attention.reload} />}
                      </For>
                    </div>
                  </Show>
                )}
              </Told>
            </section>
            <section class="card" aria-label="Jobs in progress">
              <header>
                <h2>Jobs in progress</h2>
                <A href="/jobs" class="spread">
                  All jobs
                </A>
              </header>
              <Told read={jobs} what="the jobs">
                {() => (
                  <Show
                    when={inProgress().length > 0}
                    fallback={
                      <EmptyState small icon="jobs" title="No job is waiting or running." />
                    }
                  >
                    <ul>
                      <For each={inProgress()}>{(job) => <JobLine job={job} />}</For>
                    </ul>
                  </Show>
                )}
              </Told>
            </section>
          </div>
          <div class={`stack ${styles.side}`}>
            <section class="card" aria-label="Workers">
              <header>
                <h2>Workers</h2>
                <A href="/workers" class="spread">
                  {workers.data() ? formatCount(workers.data()!.total, 'worker') : 'Workers'}
                </A>
              </header>
              <Told read={workers} what="the workers">
                {(data) => (
                  <Show when={data().total > 0} fallback={<NoWorker />}>
                    <WorkerStrip workers={data().workers} />
                  </Show>
                )}
              </Told>
            </section>
            <Throughput />
            <StoreGauge />
            <NewestFrames jobs={frames()} />
          </div>
        </div>
      </Show>
    </div>
  )
}

function NoWorker() {
  return (
    <EmptyState
      small
      icon="worker"
      title="No worker yet"
      sentence={
        <>
          Start one with <code>farm worker --manager {location.origin}</code>
        </>
      }
    />
  )
}

function WorkerStrip(props: { workers: readonly WorkerRow[] }) {
  return (
    <ul class={styles.workers}>
      <For each={props.workers}>
        {(worker) => (
          <li>
            <A
              href={`/workers/${worker.id}`}
              class={styles.worker}
              title={`${worker.name}: ${lookOf('worker', worker.status).label}${worker.task ? `, ${worker.task.name}` : ''}`}
            >
              <StatusWord kind="worker" status={worker.status} text={worker.name} />
            </A>
          </li>
        )}
      </For>
    </ul>
  )
}

function JobLine(props: { job: JobRow }) {
  return (
    <li class={styles.job}>
      <StatusWord kind="job" status={props.job.status} />
      <A href={`/jobs/${props.job.id}`} class="truncate" title={props.job.name}>
        {props.job.name}
      </A>
      <ProgressBar counts={props.job.task_counts} />
      <span class={styles.left}>
        <Show when={props.job.eta} fallback={<Ago time={props.job.updated} />}>
          {tellEta(props.job.eta)} left
        </Show>
      </span>
    </li>
  )
}
